import type { SessionPrincipal } from '../session/index.js';
import type { ChangeRecording } from './security-events.js';

/** What a login compares, read in one go: the user, the stored hash, and the version both were read at. */
export interface UserCredentials {
  user: SessionPrincipal;
  /** PHC string, as `PasswordHasher.hash` returned it; null when the account has no password. */
  passwordHash: string | null;
  /** Grows with every change of the user; orders the principals that reach the sessions. */
  version: number;
}

/** An account to create. The e-mail is normalised, the password already hashed. */
export interface NewUser {
  email: string;
  displayName: string | null;
  passwordHash: string;
  roles: string[];
}

/** How a password change reaches the sessions of its user. */
export interface ChangePasswordOptions {
  /** The hash that the caller verified. When another one is stored by now, nothing is changed. */
  expectedHash?: string | undefined;
  /**
   * Runs once after the transaction has committed, in place of the store's own revoke-all: it must end every session
   * that was made before the change, except at most the caller's. When it rejects, the record of the pending revoke-all
   * stays and is applied later, so the change never leaves old sessions alive.
   */
  apply?: (() => Promise<void>) | undefined;
  /** The change's way into the trail, for a store that can write both at once; others leave it alone. */
  recording?: ChangeRecording | undefined;
}

/**
 * Port: where accounts live. The program brings one on SQL; a host brings its own. E-mails arrive as
 * `normaliseEmail` returns them. A store that cannot answer rejects; it never answers «no such user» instead.
 */
export abstract class UserStore {
  /** The id of the account with this normalised e-mail, disabled ones included, or null. */
  abstract findByEmail(email: string): Promise<{ id: string } | null>;

  /**
   * What a login needs to check the password, or null when there is no such user. It is called after the login took its
   * ticket, so it must read the present state, not a replica or a cache: that is what keeps a login whose credentials
   * were read before a password change from creating a session after it.
   */
  abstract findCredentials(userId: string): Promise<UserCredentials | null>;

  /**
   * Creates an enabled account.
   * @param recording the account's way into the trail, for a store that can write both at once; others leave it alone.
   *   Before and after are the same for it.
   * @throws EmailTakenError when the e-mail is in use, also under a race.
   */
  abstract create(user: NewUser, recording?: ChangeRecording): Promise<SessionPrincipal>;

  /**
   * Replaces the hash of an unchanged password by a stronger one, only while `oldHash` is still stored; otherwise does
   * nothing. Sessions and version stay as they are.
   */
  abstract rehash(userId: string, oldHash: string, newHash: string): Promise<void>;

  /**
   * Stores a new password's hash, raises the version and records, in the same transaction, that every session of the
   * user must end; then ends them before it resolves, through `apply` when given. Rejects when the sessions could not be
   * reached: the hash is changed then, and the sessions end as soon as they can be.
   * @throws UnknownUserError no such user
   * @throws PasswordChangedError `expectedHash` was given and is not the stored one
   */
  abstract changePassword(userId: string, newHash: string, options?: ChangePasswordOptions): Promise<void>;
}
