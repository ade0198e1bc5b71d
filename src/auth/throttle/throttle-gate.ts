import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { onStoreBudget } from '../../session/index.js';
import { TooManyAttemptsError } from '../auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import type { LoginAttempt, ThrottledAttempt } from '../login-throttle.js';
import { presentedDeviceToken } from './device-cookie.js';
import { ThrottleTrail } from './throttle-trail.js';

/** The throttle as requests meet it: with their address and their device's cookie, and every refusal in the trail. */
@Injectable()
export class ThrottleGate {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'throttle' | 'cookie'>,
    private readonly trail: ThrottleTrail,
  ) {}

  /** @throws TooManyAttemptsError, SessionStoreUnavailableError */
  async begin(req: Request, told: Omit<LoginAttempt, 'ip'>): Promise<ThrottledAttempt> {
    const { throttle, cookie } = this.options;
    const deviceToken = told.deviceToken ?? presentedDeviceToken(req, cookie);
    const attempt = { ...told, deviceToken, ip: req.ip ?? '' };
    const begun = await this.noting(req, attempt, () => throttle.begin(attempt));
    return {
      failed: () => this.noting(req, attempt, () => begun.failed()),
      succeeded: () => this.noting(req, attempt, () => begun.succeeded()),
    };
  }

  private async noting<T>(req: Request, attempt: LoginAttempt, step: () => Promise<T>): Promise<T> {
    try {
      return await onStoreBudget(req, step);
    } catch (error) {
      if (error instanceof TooManyAttemptsError) await this.trail.note(req, attempt, error);
      throw error;
    }
  }
}
