import type { SecurityEvent } from '../auth/index.js';
import type { SessionPrincipal } from '../session/index.js';

/** What the trail tells of a change that an admin or an operator has made; nothing when nothing is different. */
export function userChangeEvents(
  act: Pick<SecurityEvent, 'actorId' | 'detail'>,
  after: SessionPrincipal,
  before: SessionPrincipal,
): SecurityEvent[] {
  const { id: userId } = after;
  const events: SecurityEvent[] = [];
  if (before.disabled !== after.disabled) {
    events.push({ ...act, type: after.disabled ? 'user.disabled' : 'user.enabled', userId });
  }
  const roles = { before: [...before.roles].sort(), after: [...after.roles].sort() };
  if (roles.before.join() !== roles.after.join()) {
    events.push({ ...act, type: 'user.roles_changed', userId, detail: { ...act.detail, ...roles } });
  }
  return events;
}
