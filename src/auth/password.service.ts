import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from '../problem/index.js';
import {
  type EstablishedSession,
  type RequestSession,
  SessionEndedError,
  SessionService,
  tellDurability,
} from '../session/index.js';
import { abandonment } from './abandonment.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import type { ChangePasswordInput, ReauthenticateInput } from './auth.schemas.js';
import type { LoggedIn } from './auth.service.js';
import { CredentialsService, type CredentialsVerdict } from './credentials.service.js';
import { normaliseEmail } from './email.js';
import type { AcceptedAttempt, LoginAttempt } from './login-throttle.js';
import { NewPasswords } from './password/new-passwords.js';
import { originOf, SecurityRecorder } from './security-recorder.js';
import { startAnew } from './throttle/start-anew.js';
import { ThrottleGate } from './throttle/throttle-gate.js';

type Confirmed = Extract<CredentialsVerdict, { valid: true }> & AcceptedAttempt;

interface PasswordAsked {
  act: LoginAttempt['act'];
  password: string;
  deviceToken: string | undefined;
}

/** What somebody who is logged in does with his password: prove presence, choose a new one. */
@Injectable()
export class PasswordService {
  constructor(
    private readonly sessions: SessionService,
    private readonly credentials: CredentialsService,
    private readonly newPasswords: NewPasswords,
    private readonly gate: ThrottleGate,
    private readonly recorder: SecurityRecorder,
    @Inject(AUTH_OPTIONS)
    private readonly options: Pick<ResolvedAuthOptions, 'userStore' | 'hasher' | 'throttle'>,
  ) {}

  /**
   * Proves presence: a new session id, authenticated now, of the profile that the user's present roles ask for.
   * @throws ProblemException `INVALID_CREDENTIALS`
   * @throws TooManyAttemptsError, LoginBusyError, SessionEndedError
   */
  async reauthenticate(
    req: Request,
    current: RequestSession,
    { password, deviceToken: presented }: ReauthenticateInput,
  ): Promise<LoggedIn> {
    const asked = { act: 'reauthenticate', password, deviceToken: presented } as const;
    const { user, deviceToken } = await this.confirm(req, current, asked);
    const { session, token } = await this.sessions.rotate(req, { principal: user });
    req.user = user;
    await this.recorder.record(req, {
      type: 'reauthenticated',
      userId: user.id,
      actorId: user.id,
      sessionId: session.id,
    });
    return { user, session, token, deviceToken };
  }

  /**
   * Changes the password; ends every other session in the same step in which this one gets its new id, and makes every
   * device but this one unknown.
   * @throws ProblemException `INVALID_CREDENTIALS`
   * @throws PasswordTooWeakError, TooManyAttemptsError, LoginBusyError, SessionEndedError
   */
  async change(
    req: Request,
    current: RequestSession,
    { currentPassword, newPassword, deviceToken: presented }: ChangePasswordInput,
  ): Promise<LoggedIn> {
    const { userStore, throttle } = this.options;
    const accepted = this.newPasswords.accept(newPassword, current.principal, 'newPassword');
    const asked = { act: 'change-password', password: currentPassword, deviceToken: presented } as const;
    const { user, passwordHash } = await this.confirm(req, current, asked);
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
    const account = normaliseEmail(user.email);
    // Once before, so that a process that dies right after the commit leaves no old device known, and once after, for
    // devices that logged in with the old password in between.
    await throttle.forgetDevices(account);
    let changed = false;
    let rotated: (EstablishedSession & AcceptedAttempt) | undefined;
    try {
      await userStore.changePassword(user.id, newHash, {
        expectedHash: passwordHash,
        recording,
        apply: async () => {
          changed = true;
          const { deviceToken } = await startAnew(throttle, account);
          const moved = await this.sessions.rotate(req, { principal: user, revokeOthers: true });
          rotated = { ...moved, deviceToken };
        },
      });
    } finally {
      // The sessions may not have been reached, and the change stands nevertheless: the trail must have it.
      if (changed) await recording.settle(user, user);
    }
    if (!rotated) throw new Error('UserStore.changePassword has not called apply.');
    const { session, token, deviceToken } = rotated;
    req.user = user;
    return { user, session, token, deviceToken };
  }

  private async confirm(
    req: Request,
    { userId, sessionId, principal }: RequestSession,
    { act, password, deviceToken }: PasswordAsked,
  ): Promise<Confirmed> {
    const account = normaliseEmail(principal.email);
    const { attempt, verdict } = await this.options.hasher.withRoom(async () => ({
      attempt: await this.gate.begin(req, { act, account, deviceToken, sessionId }),
      verdict: await this.credentials.verify(userId, password, abandonment(req)),
    }));
    if (verdict.valid) return { ...verdict, ...(await attempt.succeeded()) };
    const event = { userId, actorId: userId, sessionId };
    const detail = { act, reason: verdict.reason };
    await this.recorder.record(req, { ...event, type: 'reauthentication.failed', detail });
    const { endSession } = await attempt.failed();
    if (!endSession) throw new ProblemException('INVALID_CREDENTIALS');
    // Whoever guesses inside a session may not be its owner.
    const revocation = await this.sessions.revoke(userId, sessionId, 'failed-reauthentication');
    tellDurability(req, revocation ?? {});
    // What this request loaded is dead by now; it must neither be touched nor saved.
    this.sessions.leave(req);
    req.user = undefined;
    await this.recorder.record(req, {
      ...event,
      type: 'session.revoked',
      actorId: null,
      detail: { reason: 'failed-reauthentication' },
    });
    throw new SessionEndedError();
  }
}
