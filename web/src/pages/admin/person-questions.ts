import * as admin from '../../api/admin.js';
import { isApiError } from '../../api/api-error.js';
import { type Session, type SessionList, type User, withoutSession } from '../../api/types.js';
import type { Question } from '../../parts/confirm-dialog.js';
import { deviceName } from '../../parts/device-name.js';
import type { Resource } from '../../state/resource.js';
import { withStepUp } from '../../state/step-up.js';

/** @param sessions where it is listed */
export function revokingOne(userId: string, session: Session, sessions: Resource<SessionList>): Question {
  const name = deviceName(session);
  return {
    title: 'Revoke this session?',
    text: `${name} at ${session.ip} is logged out at once.${session.current ? ' It is the one that you are using.' : ''}`,
    verb: 'Revoke session',
    act: async () => {
      try {
        await withStepUp(() => admin.revokeSession(userId, session.id));
      } catch (error) {
        // What was wanted is so.
        if (!isApiError(error, 'SESSION_NOT_FOUND')) throw error;
      }
      sessions.set((list) => withoutSession(list, session.id));
      sessions.reload();
      return `The session on ${name} is revoked.`;
    },
  };
}

/** @param done called when they have ended */
export function revokingAll(userId: string, name: string, done: () => void): Question {
  return {
    title: 'Revoke all sessions?',
    text: `${name} is logged out everywhere at once, and may log in again.`,
    verb: 'Revoke all',
    act: async () => {
      const { revoked, durable } = await withStepUp(() => admin.revokeSessionsOf(userId));
      done();
      const count = revoked === 1 ? 'One session is revoked.' : `${revoked} sessions are revoked.`;
      return durable === false ? `${count} Not every replica has confirmed it; revoke all once more.` : count;
    },
  };
}

/** @param done called with the account as it is then */
export function disabling(user: User, done: (changed: User) => void): Question {
  return {
    title: 'Disable this account?',
    text: `${user.email} is logged out everywhere at once and cannot log in until the account is enabled again.`,
    verb: 'Disable account',
    act: async () => {
      const changed = await withStepUp(() => admin.changeUser(user.id, { disabled: true }));
      done(changed.user);
      return 'The account is disabled.';
    },
  };
}
