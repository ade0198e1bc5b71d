import type { Revocation, SessionPrincipal } from '../session/index.js';

/** All that can be told of acts on accounts or sessions. */
export const SECURITY_EVENT_TYPES = {
  'login.succeeded': true,
  'login.failed': true,
  'login.refused': true,
  'login.throttled': true,
  logout: true,
  'registration.requested': true,
  registered: true,
  reauthenticated: true,
  'reauthentication.failed': true,
  'password.changed': true,
  'password.reset_requested': true,
  'password.reset': true,
  'session.revoked': true,
  'sessions.revoked': true,
  'user.disabled': true,
  'user.enabled': true,
  'user.roles_changed': true,
  'user.unlocked': true,
} as const;

/** What can be told of an act on accounts or sessions. */
export type SecurityEventType = keyof typeof SECURITY_EVENT_TYPES;

/** One act, as the trail keeps it. No password, no session token, no e-mail of somebody who has no account. */
export interface SecurityEvent {
  type: SecurityEventType;
  /** Whose account it is about; null when no account is known. */
  userId: string | null;
  /** Who did it; null when nobody was logged in. */
  actorId: string | null;
  /** The session's handle (never its token). */
  sessionId?: string | undefined;
  ip?: string | undefined;
  userAgent?: string | undefined;
  requestId?: string | undefined;
  detail?: Record<string, string | number | boolean | string[]> | undefined;
  /**
   * For what happens faster than rows should be written. All events of one id are one row, that of the first of them,
   * whose `detail.count` is the sum of their counts; a user id that a later one knows is filled in.
   */
  repeat?: { id: string; count: number } | undefined;
}

/** From where an act was done; nothing of it proves anything. */
export interface ActOrigin {
  ip?: string | undefined;
  userAgent?: string | undefined;
  requestId?: string | undefined;
}

/**
 * How a change of an account gets into the trail in the very transaction that makes it, so that neither is there without
 * the other, whatever crashes. For stores whose trail is in the same database as their users.
 */
export interface ChangeRecording {
  /**
   * What to write, decided inside the transaction: from how the user is now, and how he was before. Empty when there is
   * nothing to tell.
   */
  eventsOf(after: SessionPrincipal, before: SessionPrincipal): SecurityEvent[];

  /**
   * To be called with what was written as soon as it is committed, before anything else can fail. A store that never
   * calls it has written nothing: then the events go to `SecurityEvents.record` after the change.
   */
  committed(events: readonly SecurityEvent[]): void;

  /**
   * To be called with what `SessionService` said when the change ended the user's sessions, so that the answer can say
   * whether a failover may undo that. A store that never calls it leaves the client without that word.
   */
  ended?(revocation: Revocation): void;
}

/**
 * Port: the trail of security events. `record` is awaited after the act took effect; when it rejects, the act stands and
 * the rejection is logged, so a full disk under the trail neither undoes a logout nor keeps anybody from one.
 */
export abstract class SecurityEvents {
  /** Keeps one event. */
  abstract record(event: SecurityEvent): Promise<void> | void;

  /**
   * Hears of an event that the user store has written together with its change: `record` is not called for it. For
   * whoever counts or passes on; must not throw.
   */
  onCommitted?(event: SecurityEvent): void;
}
