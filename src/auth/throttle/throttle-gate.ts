import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { TooManyAttemptsError } from '../auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { liveSession } from '../guards/live-session.js';
import type { LoginAttempt, ThrottledAttempt } from '../login-throttle.js';
import { SecurityRecorder } from '../security-recorder.js';

/** The throttle as requests meet it: with their address, and every refusal in the trail. */
@Injectable()
export class ThrottleGate {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'throttle'>,
    private readonly recorder: SecurityRecorder,
  ) {}

  /** @throws TooManyAttemptsError, SessionStoreUnavailableError */
  async begin(req: Request, attempt: Omit<LoginAttempt, 'ip'>): Promise<ThrottledAttempt> {
    const { act } = attempt;
    const begun = await this.noting(req, act, this.options.throttle.begin({ ...attempt, ip: req.ip ?? '' }));
    return {
      failed: () => this.noting(req, act, begun.failed()),
      succeeded: () => this.noting(req, act, begun.succeeded()),
    };
  }

  private async noting<T>(req: Request, act: LoginAttempt['act'], step: Promise<T>): Promise<T> {
    try {
      return await step;
    } catch (error) {
      if (error instanceof TooManyAttemptsError) {
        // Whose account it is stays open: looking it up would make the refusal of a known name take longer.
        const userId = liveSession(req)?.userId ?? null;
        const detail = { act, limit: error.policy.name };
        await this.recorder.record(req, { type: 'login.throttled', userId, actorId: userId, detail });
      }
      throw error;
    }
  }
}
