import type { SecurityEvent } from '../api/types.js';

/** What each type of event of the trail is called to a person. */
export const EVENT_TEXTS: Readonly<Record<string, string>> = {
  'login.succeeded': 'Logged in',
  'login.failed': 'Login failed',
  'login.refused': 'Login refused',
  'login.throttled': 'Attempts refused unseen',
  logout: 'Logged out',
  'registration.requested': 'Asked for an account',
  registered: 'Registered',
  reauthenticated: 'Gave the password again',
  'reauthentication.failed': 'Gave a wrong password again',
  'password.changed': 'Changed the password',
  'password.reset_requested': 'Asked to reset the password',
  'password.reset': 'Reset the password',
  'session.revoked': 'Session revoked',
  'sessions.revoked': 'Sessions revoked',
  'user.disabled': 'Account disabled',
  'user.enabled': 'Account enabled',
  'user.roles_changed': 'Roles changed',
  'user.unlocked': 'Account unlocked',
};

/** @returns the words for a type, or the type itself when a newer server has one more */
export function eventText(type: string): string {
  return EVENT_TEXTS[type] ?? type;
}

/** What else is known of an event, as “name: value” in one line. */
export function detailText({ detail = {} }: Pick<SecurityEvent, 'detail'>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${Array.isArray(value) ? value.join(' ') || 'none' : String(value)}`)
    .join(', ');
}
