import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from '../problem/index.js';
import { type SessionPrincipal, StaleLoginError, TooManySessionsError } from '../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import type { LoginInput } from './auth.schemas.js';
import { AuthService, type EstablishSessionOptions, type LoggedIn } from './auth.service.js';
import { normaliseEmail } from './email.js';
import type { NewDeviceLogin } from './login-notifier.js';
import { loginTransport } from './login-transport.js';
import { MailQueue } from './mail/mail-queue.js';
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
    private readonly mails: MailQueue,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'hasher' | 'notifier'>,
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
    const account = normaliseEmail(email);
    const { attempt, verdict, ticket } = await this.options.hasher.withRoom(async () => ({
      attempt: await this.gate.begin(req, { act: 'login', account, deviceToken }),
      ...(await this.passport.authenticateLogin(req)),
    }));
    if (!verdict.valid) {
      const { userId, reason } = verdict;
      await this.recorder.record(req, { type: 'login.failed', userId, actorId: null, detail: { reason } });
      await attempt.failed();
      throw new ProblemException('INVALID_CREDENTIALS');
    }
    const { deviceToken: tokenToKeep, knownDevice } = await attempt.succeeded();
    const asked = { transport, ticket, revokeSessionId };
    const loggedIn = await this.establish(req, verdict.user, asked);
    const { user, session, ended } = loggedIn;
    const device = knownDevice !== undefined && { device: knownDevice ? 'known' : 'new' };
    await this.recorder.record(req, {
      type: 'login.succeeded',
      userId: user.id,
      actorId: user.id,
      sessionId: session.id,
      detail: { transport, ...device, ...ended },
    });
    if (knownDevice === false) this.tell({ user, session });
    return { ...loggedIn, deviceToken: tokenToKeep };
  }

  /** The password was right and there is no session all the same: the trail says why. */
  private async establish(
    req: Request,
    user: SessionPrincipal,
    options: EstablishSessionOptions,
  ): Promise<LoggedIn> {
    try {
      return await this.auth.establishSession(req, user, options);
    } catch (error) {
      const reason =
        error instanceof TooManySessionsError
          ? 'too-many-sessions'
          : error instanceof StaleLoginError && 'sessions-revoked-meanwhile';
      if (reason) {
        await this.recorder.record(req, {
          type: 'login.refused',
          userId: user.id,
          actorId: null,
          detail: { reason },
        });
      }
      throw error;
    }
  }

  private tell(login: NewDeviceLogin): void {
    const { notifier } = this.options;
    if (notifier) this.mails.handOver('new device', async () => notifier.onNewDevice(login));
  }
}
