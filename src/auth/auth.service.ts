import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import {
  type EstablishedSession,
  type LoginTicket,
  type Revocation,
  type SessionPrincipal,
  SessionService,
  type Transport,
} from '../session/index.js';
import { UnknownUserError } from './auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import { CredentialsService } from './credentials.service.js';
import { loginTransport } from './login-transport.js';
import { UserLoader } from './passport/user-loader.js';
import { NewPasswords } from './password/new-passwords.js';
import { PasswordSetter } from './password/password-setter.js';
import { PasswordResetService, type ResetToken } from './reset/password-reset.service.js';
import type { ActOrigin, ChangeRecording } from './security-events.js';

/** How a session is made for somebody whom the host has authenticated. */
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
    private readonly passwords: PasswordSetter,
    private readonly resets: PasswordResetService,
    private readonly users: UserLoader,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'userStore'>,
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
    req.user = this.users.active ? await this.users.load(user, req) : user;
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
   * @returns `durable`: whether a failover cannot undo that the sessions have ended, see `Revocation`
   * @throws UnknownUserError, PasswordTooWeakError, LoginBusyError, SessionStoreUnavailableError
   */
  async setPassword(
    userId: string,
    newPassword: string,
    recording?: ChangeRecording,
  ): Promise<Pick<Revocation, 'durable'>> {
    const credentials = await this.options.userStore.findCredentials(userId);
    if (!credentials) throw new UnknownUserError();
    const accepted = this.newPasswords.accept(newPassword, credentials.user, 'newPassword');
    return this.passwords.set(credentials, await this.newPasswords.hash(accepted), { recording });
  }

  /**
   * «I have forgotten my password»: for a public route of the host, which answers the same whatever follows. It returns
   * before anything is looked up; then, when the account can have one, a token goes to `MailSender.sendPasswordReset`.
   * @param email as it was typed
   * @throws TooManyAttemptsError, SessionStoreUnavailableError
   */
  async requestPasswordReset(req: Request, email: string): Promise<void> {
    await this.resets.request(req, email);
  }

  /**
   * A token that lets whoever has it set a new password, once, within `resetLifetimeMs`; the account's earlier one is
   * void. It is void, too, as soon as the password is changed in any way, or its hash renewed by a login.
   *
   * Does the same work for an e-mail without an account, for a disabled account and for one without a password, and
   * returns null. What the caller does next must not tell them apart: answer first, then send the mail, and limit the
   * route per address and e-mail. `requestPasswordReset` does all that.
   * @param email as it was typed
   * @param origin from `originOf(req)`, for the trail
   */
  async createResetToken(email: string, origin: ActOrigin = {}): Promise<ResetToken | null> {
    return this.resets.create(email, origin);
  }

  /**
   * Sets the password of the account that a token is of; ends its sessions, makes its devices unknown and lifts what
   * failed logins have put on it, before it resolves. Nobody is logged in by it. A password that is refused does not use
   * the token up.
   * @param origin from `originOf(req)`, for the trail
   * @returns `durable`: whether a failover cannot undo that the sessions have ended, see `Revocation`
   * @throws InvalidTokenError it is wrong, was used, has expired or is void
   * @throws PasswordTooWeakError, LoginBusyError
   * @throws SessionStoreUnavailableError the password may be set; the sessions end as soon as they can be reached then
   */
  async resetPassword(
    token: string,
    newPassword: string,
    origin: ActOrigin = {},
  ): Promise<Pick<Revocation, 'durable'>> {
    return this.resets.reset(token, newPassword, origin);
  }
}
