import type { SessionPrincipal } from './session.types.js';

/** What a session remembers of its user. `disabled` is left out: a disabled user has no session. */
export function snapshotOf({
  id,
  email,
  displayName,
  roles,
  createdAt,
}: SessionPrincipal): Omit<SessionPrincipal, 'disabled'> {
  return { id, email, displayName, roles, createdAt };
}
