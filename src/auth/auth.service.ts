import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import {
  type EstablishedSession,
  type LoginTicket,
  type SessionPrincipal,
  SessionService,
  type Transport,
} from '../session/index.js';
import { UnknownUserError } from './auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import { CredentialsService } from './credentials.service.js';
import { normaliseEmail } from './email.js';
import { loginTransport } from './login-transport.js';
import { NewPasswords } from './password/new-passwords.js';
import type { ChangeRecording } from './security-events.js';
import { startAnew } from './throttle/start-anew.js';

export interface EstablishSessionOptions {
  /** @default the transport of the credential that the request came with, else a cookie */
  transport?: Transport | undefined;
  /**
   * From `SessionService.takeTicket(userId)`, called before the user's credentials were read. Without it a ticket is
   * taken now, and a revocation between that reading and this call is not noticed.
   */
  ticket?: LoginTicket | undefined;
  /** Handle of a session of this user that makes room for the new one. */
  revokeSessionId?: string | undefined;
}

/** A login as the API answers it. */
export interface LoggedIn extends EstablishedSession {
  user: SessionPrincipal;
  /** By which the device is known from now on; undefined when the throttle knows no devices, or did not see the login. */
  deviceToken?: string | undefined;
}

/** For hosts that log people in, or check and set passwords, in other ways than this module's routes. */
@Injectable()
export class AuthService {
  constructor(
    private readonly sessions: SessionService,
    private readonly credentials: CredentialsService,
    private readonly newPasswords: NewPasswords,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'userStore' | 'throttle'>,
  ) {}

  /**
   * Logs a user in whom the host has authenticated: always a new session id, and `req.user` from here on. It neither
   * checks a password nor counts attempts nor writes to the trail.
   * @returns the session, and for bearer sessions the token, which exists nowhere else
   * @throws StaleLoginError, TooManySessionsError, SessionStoreUnavailableError
   */
  async establishSession(
    req: Request,
    user: SessionPrincipal,
    options: EstablishSessionOptions = {},
  ): Promise<LoggedIn> {
    const { revokeSessionId } = options;
    const transport = loginTransport(req, options.transport);
    const ticket = options.ticket ?? (await this.sessions.takeTicket(user.id));
    const established = await this.sessions.establish(req, {
      principal: user,
      ticket,
      transport,
      revokeSessionId,
    });
    req.user = user;
    return { user, ...established };
  }

  /**
   * Whether this is the password of an enabled user. Takes as long for an unknown id as for a wrong password; attempts
   * are not counted.
   * @throws LoginBusyError
   */
  async verifyPassword(userId: string, password: string): Promise<boolean> {
    return (await this.credentials.verify(userId, password)).valid;
  }

  /**
   * Sets a user's password, ends every session of his, makes every device of his unknown and lifts what failed logins
   * have put on his account, before it resolves. It does not ask for the present one.
   * @param recording the change's way into the trail, from `SecurityRecorder.recording`; without it nothing is recorded
   * @throws UnknownUserError, PasswordTooWeakError, LoginBusyError, SessionStoreUnavailableError
   */
  async setPassword(userId: string, newPassword: string, recording?: ChangeRecording): Promise<void> {
    const { userStore, throttle } = this.options;
    const credentials = await userStore.findCredentials(userId);
    if (!credentials) throw new UnknownUserError();
    const accepted = this.newPasswords.accept(newPassword, credentials.user, 'newPassword');
    const newHash = await this.newPasswords.hash(accepted);
    const account = normaliseEmail(credentials.user.email);
    // Before and after, as PasswordService does and for its reasons.
    await throttle.forgetDevices(account);
    await userStore.changePassword(userId, newHash, { recording });
    await startAnew(throttle, account);
  }
}
