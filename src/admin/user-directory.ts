import { ProblemException } from '../problem/index.js';
import type { ChangeRecording } from '../auth/index.js';
import type { SessionPrincipal } from '../session/index.js';

/** Which users to look for. */
export interface UserSearch {
  /** Part of the e-mail or the display name, whatever the case. Undefined or empty: everybody. */
  query?: string | undefined;
  /** At most this many; 1 to 100. */
  limit: number;
  /** `nextCursor` of the page before, unchanged. Undefined: the first page. */
  cursor?: string | undefined;
}

/** One page of users; `nextCursor` is null on the last one. */
export interface UserPage {
  items: SessionPrincipal[];
  nextCursor: string | null;
}

/** What an admin may change of a user. A member left out stays as it is. */
export interface UserChanges {
  /** Replaces all roles. */
  roles?: string[] | undefined;
  disabled?: boolean | undefined;
}

/**
 * Port: the accounts as an admin sees them. The program brings one on SQL; a host brings its own. A directory that
 * cannot answer rejects; it never answers «no such user» instead.
 */
export abstract class UserDirectory {
  /**
   * Users in a stable order, so that following the cursors visits everybody who matches exactly once.
   * @throws InvalidCursorError the cursor is not one that this directory handed out
   */
  abstract search(search: UserSearch): Promise<UserPage>;

  /** The user, disabled ones included, or null. */
  abstract find(userId: string): Promise<SessionPrincipal | null>;

  /** How many accounts there are, disabled ones included. */
  abstract count(): Promise<number>;

  /**
   * Changes a user and applies the change to his live sessions before it resolves: disabling ends them all, a change of
   * roles holds from their next request on. Rejects when the sessions cannot be reached; the change is stored then and
   * reaches them as soon as it can. Asking for what is the case already changes nothing and succeeds.
   * @param recording the change's way into the trail, for a directory that can write both at once; others leave it alone
   * @throws UserNotFoundError no such user
   * @throws LastAdminError nobody would be left who is enabled and an admin; decided so that a race cannot get past it
   */
  abstract update(
    userId: string,
    changes: UserChanges,
    recording?: ChangeRecording,
  ): Promise<SessionPrincipal>;
}

/** There is no user with this id. */
export class UserNotFoundError extends Error {
  constructor() {
    super('There is no such user.');
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    return new ProblemException('USER_NOT_FOUND', { cause: this });
  }
}

/** The change would leave no enabled admin: nobody could undo it. */
export class LastAdminError extends Error {
  constructor() {
    super('This is the last enabled admin. Make somebody else an admin first.');
  }

  /** The answer over HTTP. */
  toProblem(): ProblemException {
    return new ProblemException('LAST_ADMIN', { detail: this.message, cause: this });
  }
}
