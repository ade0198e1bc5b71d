import type { PrincipalUpdate, SessionPrincipal } from '../session/index.js';
import { ADMIN_ROLE } from './user-roles.js';

/** An account as the program stores it. */
export interface User {
  id: string;
  /** Normalised. */
  email: string;
  displayName: string | null;
  /** PHC string. */
  passwordHash: string;
  /** Sorted, each once. */
  roles: string[];
  disabled: boolean;
  /** Grows with every change that sessions or logins must learn of. */
  version: number;
  /** ms since the epoch */
  createdAtMs: number;
}

/** Whether this account can administrate. */
export function isEnabledAdmin(user: Pick<User, 'roles' | 'disabled'>): boolean {
  return !user.disabled && user.roles.includes(ADMIN_ROLE);
}

/** What the API shows of a user, and what a session remembers of him. */
export function toPrincipal(user: User): SessionPrincipal {
  const { id, email, displayName, roles, disabled } = user;
  return { id, email, displayName, roles, disabled, createdAt: new Date(user.createdAtMs).toISOString() };
}

/** What open sessions have to believe of the user from now on. */
export function toPrincipalUpdate({ roles, email, displayName, disabled }: User): PrincipalUpdate {
  return { roles, email, displayName, disabled };
}
