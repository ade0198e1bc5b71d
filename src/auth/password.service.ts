import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from '../problem/index.js';
import { type EstablishedSession, type RequestSession, SessionService } from '../session/index.js';
import { abandonment } from './abandonment.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import type { LoggedIn } from './auth.service.js';
import { CredentialsService, type CredentialsVerdict } from './credentials.service.js';
import { normaliseEmail } from './email.js';
import type { LoginAttempt } from './login-throttle.js';
import { NewPasswords } from './password/new-passwords.js';
import { originOf, SecurityRecorder } from './security-recorder.js';
import { ThrottleGate } from './throttle/throttle-gate.js';

type ValidVerdict = Extract<CredentialsVerdict, { valid: true }>;

/** What somebody who is logged in does with his password: prove presence, choose a new one. */
@Injectable()
export class PasswordService {
  constructor(
    private readonly sessions: SessionService,
    private readonly credentials: CredentialsService,
    private readonly newPasswords: NewPasswords,
    private readonly gate: ThrottleGate,
    private readonly recorder: SecurityRecorder,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'userStore' | 'hasher'>,
  ) {}

  /**
   * Proves presence: a new session id, authenticated now, of the profile that the user's present roles ask for.
   * @throws ProblemException `INVALID_CREDENTIALS`
   * @throws TooManyAttemptsError, LoginBusyError, SessionEndedError
   */
  async reauthenticate(req: Request, current: RequestSession, password: string): Promise<LoggedIn> {
    const { user } = await this.confirm(req, current, 'reauthenticate', password);
    const { session, token } = await this.sessions.rotate(req, { principal: user });
    req.user = user;
    await this.recorder.record(req, {
      type: 'reauthenticated',
      userId: user.id,
      actorId: user.id,
      sessionId: session.id,
    });
    return { user, session, token };
  }

  /**
   * Changes the password; ends every other session in the same step in which this one gets its new id.
   * @throws ProblemException `INVALID_CREDENTIALS`
   * @throws PasswordTooWeakError, TooManyAttemptsError, LoginBusyError, SessionEndedError
   */
  async change(
    req: Request,
    current: RequestSession,
    currentPassword: string,
    newPassword: string,
  ): Promise<LoggedIn> {
    const accepted = this.newPasswords.accept(newPassword, current.principal, 'newPassword');
    const { user, passwordHash } = await this.confirm(req, current, 'change-password', currentPassword);
    const newHash = await this.newPasswords.hash(accepted, abandonment(req));
    const recording = this.recorder.recording(originOf(req), ({ id }) => [
      // The session that asked for it: the one it goes on as is not there yet when the change is committed.
      {
        type: 'password.changed',
        userId: id,
        actorId: id,
        sessionId: current.sessionId,
        detail: { ends: 'others' },
      },
    ]);
    let changed = false;
    let rotated: EstablishedSession | undefined;
    try {
      await this.options.userStore.changePassword(user.id, newHash, {
        expectedHash: passwordHash,
        recording,
        apply: async () => {
          changed = true;
          rotated = await this.sessions.rotate(req, { principal: user, revokeOthers: true });
        },
      });
    } finally {
      // The sessions may not have been reached, and the change stands nevertheless: the trail must have it.
      if (changed) await recording.settle(user, user);
    }
    if (!rotated) throw new Error('UserStore.changePassword has not called apply.');
    const { session, token } = rotated;
    req.user = user;
    return { user, session, token };
  }

  private async confirm(
    req: Request,
    current: RequestSession,
    act: LoginAttempt['act'],
    password: string,
  ): Promise<ValidVerdict> {
    const { userId, sessionId, principal } = current;
    this.options.hasher.demandRoom();
    const attempt = await this.gate.begin(req, { act, account: normaliseEmail(principal.email) });
    const verdict = await this.credentials.verify(userId, password, abandonment(req));
    if (verdict.valid) {
      await attempt.succeeded();
      return verdict;
    }
    const detail = { act, reason: verdict.reason };
    await this.recorder.record(req, {
      type: 'reauthentication.failed',
      userId,
      actorId: userId,
      sessionId,
      detail,
    });
    await attempt.failed();
    throw new ProblemException('INVALID_CREDENTIALS');
  }
}
