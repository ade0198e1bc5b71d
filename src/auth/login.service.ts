import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from '../problem/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import type { LoginInput } from './auth.schemas.js';
import { AuthService, type LoggedIn } from './auth.service.js';
import { normaliseEmail } from './email.js';
import { loginTransport } from './login-transport.js';
import { LocalStrategy } from './passport/local.strategy.js';
import { SecurityRecorder } from './security-recorder.js';
import { ThrottleGate } from './throttle/throttle-gate.js';

/** Lets people in. */
@Injectable()
export class LoginService {
  constructor(
    private readonly auth: AuthService,
    private readonly passport: LocalStrategy,
    private readonly gate: ThrottleGate,
    private readonly recorder: SecurityRecorder,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'hasher'>,
  ) {}

  /**
   * Logs in with e-mail and password. The order is that of guarantee G2: count, find the account, take the ticket, read
   * the hash, compare, create.
   * @throws ProblemException `INVALID_CREDENTIALS`, the same for every reason
   * @throws TooManyAttemptsError, LoginBusyError, TooManySessionsError
   */
  async login(
    req: Request,
    { email, deviceToken, revokeSessionId, ...input }: LoginInput,
  ): Promise<LoggedIn> {
    const transport = loginTransport(req, input.transport);
    this.options.hasher.demandRoom();
    const attempt = await this.gate.begin(req, { act: 'login', account: normaliseEmail(email), deviceToken });
    const { verdict, ticket } = await this.passport.authenticateLogin(req);
    if (!verdict.valid) {
      const { userId, reason } = verdict;
      await this.recorder.record(req, { type: 'login.failed', userId, actorId: null, detail: { reason } });
      await attempt.failed();
      throw new ProblemException('INVALID_CREDENTIALS');
    }
    const { deviceToken: deviceTokenToKeep } = await attempt.succeeded();
    const loggedIn = await this.auth.establishSession(req, verdict.user, {
      transport,
      ticket,
      revokeSessionId,
    });
    const { user, session } = loggedIn;
    await this.recorder.record(req, {
      type: 'login.succeeded',
      userId: user.id,
      actorId: user.id,
      sessionId: session.id,
      detail: { transport },
    });
    return { ...loggedIn, deviceToken: deviceTokenToKeep };
  }
}
