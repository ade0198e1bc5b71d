/** Why a session ended, as the event `ended` of `GET /auth/events` says it; one of them only this page knows. */
export const ENDED_TEXTS = {
  logout: 'You have logged out.',
  'revoked-by-owner': 'This session was ended from another of your devices.',
  'revoked-by-admin': 'An administrator has ended this session.',
  'password-changed': 'Your password was changed, which ended this session. Log in with the new one.',
  disabled: 'This account has been disabled. Ask an administrator.',
  expired: 'You were logged out because your session reached its time limit.',
  evicted: 'You logged in on so many devices that this session had to make room.',
  everyone: 'An administrator has ended everybody’s sessions. Log in again.',
  'failed-reauthentication': 'Too many wrong passwords have ended this session. Log in again.',
  unknown: 'Your session has ended. Log in again.',
} as const;

export type EndedReason = keyof typeof ENDED_TEXTS;

/** The reason if it is one we have words for. A newer server may know more. */
export function endedReason(reason: unknown): EndedReason {
  return typeof reason === 'string' && Object.hasOwn(ENDED_TEXTS, reason)
    ? (reason as EndedReason)
    : 'unknown';
}
