import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { describeError } from '../problem/index.js';
import { type LoginTicket, type SessionPrincipal, SessionService } from '../session/index.js';
import { LoginBusyError } from './auth.errors.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import { normaliseEmail } from './email.js';
import { normalisePassword } from './password/normalise-password.js';
import type { PasswordHasher } from './password-hasher.js';
import type { UserCredentials } from './user-store.js';

/** Why credentials were refused: for the trail, never for the client. */
export type RefusalReason = 'unknown-account' | 'wrong-password' | 'disabled';

export type CredentialsVerdict =
  | { valid: true; user: SessionPrincipal; passwordHash: string }
  | { valid: false; userId: string | null; reason: RefusalReason };

/**
 * Checks passwords. Every refusal does the same: one look-up by e-mail, one ticket, one look-up by id, one hash of
 * today's cost, whether the account is unknown, disabled or has no password, and whether the password is wrong or
 * longer than any that can be set. Only an account whose hash was made with other parameters takes as long as those
 * do, until its next login.
 */
@Injectable()
export class CredentialsService implements OnModuleInit {
  private readonly logger = new Logger(CredentialsService.name);
  // Looked up when there is no account, so that an unknown e-mail costs what a known one does.
  private readonly nobody = randomUUID();
  private dummyHash = '';

  constructor(
    private readonly sessions: SessionService,
    @Inject(AUTH_OPTIONS)
    private readonly options: Pick<ResolvedAuthOptions, 'userStore'> & { hasher: PasswordHasher },
  ) {}

  async onModuleInit(): Promise<void> {
    this.dummyHash = await this.options.hasher.hash(randomBytes(24).toString('base64url'));
  }

  /**
   * Checks the credentials of a login.
   * @param signal aborted when nobody waits for the verdict any more
   * @param ask takes the step in which Redis is asked
   * @returns with a success the ticket that was taken before the password's hash was read
   * @throws LoginBusyError, RequestAbandonedError
   */
  async verifyLogin(
    email: string,
    password: string,
    signal?: AbortSignal,
    ask: <T>(step: () => Promise<T>) => Promise<T> = (step) => step(),
  ): Promise<{ verdict: CredentialsVerdict; ticket: LoginTicket }> {
    const found = await this.options.userStore.findByEmail(normaliseEmail(email));
    const userId = found?.id ?? this.nobody;
    const ticket = await ask(() => this.sessions.takeTicket(userId));
    return { verdict: await this.verify(userId, password, signal), ticket };
  }

  /** Checks the password of a known user. @throws LoginBusyError, RequestAbandonedError */
  async verify(userId: string, password: string, signal?: AbortSignal): Promise<CredentialsVerdict> {
    const { userStore, hasher } = this.options;
    const credentials = await userStore.findCredentials(userId);
    const normalised = normalisePassword(password);
    const passwordHash = normalised === null ? null : (credentials?.passwordHash ?? null);
    const matches = await hasher.verify(passwordHash ?? this.dummyHash, normalised ?? '', signal);
    if (!credentials) return { valid: false, userId: null, reason: 'unknown-account' };
    if (!matches || passwordHash === null) return { valid: false, userId, reason: 'wrong-password' };
    if (credentials.user.disabled) return { valid: false, userId, reason: 'disabled' };
    const renewed = await this.strengthen(credentials, passwordHash, normalised ?? '');
    return { valid: true, user: credentials.user, passwordHash: renewed };
  }

  /**
   * Replaces a hash of other parameters while the password is at hand. A login does not depend on it.
   * @returns the hash that is stored by now
   */
  private async strengthen({ user }: UserCredentials, oldHash: string, password: string): Promise<string> {
    const { userStore, hasher } = this.options;
    if (!hasher.needsRehash(oldHash)) return oldHash;
    try {
      const newHash = await hasher.hash(password);
      await userStore.rehash(user.id, oldHash, newHash);
      return newHash;
    } catch (error) {
      if (!(error instanceof LoginBusyError))
        this.logger.warn(`a password was not rehashed: ${describeError(error)}`);
      return oldHash;
    }
  }
}
