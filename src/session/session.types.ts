import type { Session, SessionData } from 'express-session';

/** How a client carries its session: browsers as a cookie, mobile apps and services as a bearer token. */
export type Transport = 'cookie' | 'bearer';

/** Which lifetimes a logged-in session has; fixed when the session is made or re-authenticated. */
export type Profile = 'web' | 'bearer' | 'admin';

/** Idle and absolute timeout of one kind of session, in milliseconds. */
export interface Lifetime {
  idleTimeoutMs: number;
  absoluteTimeoutMs: number;
}

/** The lifetimes of every kind of session a program hands out. */
export type Lifetimes = Record<Profile | 'anonymous', Lifetime>;

/**
 * What happens to a login beyond the maximum number of sessions: the least recently used session ends, the oldest
 * one ends, or the login is refused.
 */
export type LimitPolicy = 'evict-lru' | 'evict-oldest' | 'reject';

/**
 * What becomes of a change that another request made at the same time: both are kept (`merge`), this one is refused
 * with SessionConflictError (`strict`), or the route changes nothing at all and does not count as use (`readonly`).
 */
export type SavePolicy = 'merge' | 'strict' | 'readonly';

/**
 * What a session knows of its user: the snapshot taken at login, overlaid on every request by the live principal
 * when that was changed since.
 */
export interface SessionPrincipal {
  id: string;
  email: string;
  displayName: string | null;
  roles: string[];
  disabled: boolean;
  /** ISO 8601, UTC. */
  createdAt: string;
}

/** The part of a principal that can change while sessions are open. */
export interface PrincipalUpdate {
  roles: string[];
  email: string;
  displayName: string | null;
  disabled: boolean;
}

/** A session as its owner, or an admin, may see it. Times are ISO 8601, UTC. Nothing in it can authenticate. */
export interface SessionView {
  /** A handle: it names the session in the API and cannot be used to log in. */
  id: string;
  /** Whether the request that asked is of this session. */
  current: boolean;
  createdAt: string;
  authenticatedAt: string;
  lastSeenAt: string;
  /** When it ends unless it is used before. */
  expiresAt: string;
  /** When it ends whatever happens. */
  absoluteExpiresAt: string;
  /** Address and user agent of the client at the time of the login. */
  ip: string;
  userAgent: string;
  device: { browser: string | null; os: string | null; type: string };
}

/** What the store keeps about a session beside the host's data. */
export interface SessionMeta {
  transport: Transport;
  profile: Profile;
  /** When the user last proved presence, ms of Redis's clock. */
  authenticatedAt: number;
  ip: string;
  userAgent: string;
}

/** Why a session ended. */
export type EndReason = 'logout' | 'revoked' | 'revoked-all' | 'replaced' | 'rotated' | 'evicted';

/**
 * Why a session ended, as whoever was in it is told: by its owner's logout, from another of his sessions or by an admin,
 * with a change of the password, after too many wrong passwords inside it, because the account was disabled, by a login
 * beyond the limit of sessions, with everybody's, at the end of its lifetime, or because another one took its place.
 * `unknown` where nobody has said.
 */
export type EndCause =
  | 'logout'
  | 'revoked-by-owner'
  | 'revoked-by-admin'
  | 'password-changed'
  | 'failed-reauthentication'
  | 'disabled'
  | 'evicted'
  | 'everyone'
  | 'expired'
  | 'moved'
  | 'unknown';

/** What a call that ends sessions has done. In force when it answers, on every node. */
export interface Revocation {
  /** How many live sessions ended. */
  revoked: number;
  /**
   * Whether every replica that may be promoted has it, so that a failover cannot undo it; false: they did not confirm it
   * in time. Undefined unless revocations are replicated (option `durability`).
   */
  durable?: boolean;
}

/**
 * What a session holds, typed by its host: the members that the host has added to express-session's `SessionData`, each of
 * them perhaps not there yet. Any other member is `unknown`.
 */
export type HostSessionData = Partial<Omit<SessionData, 'cookie'>> & Record<string, unknown>;

/** `req.session` and Nest's `@Session()`, typed by the host through express-session's `SessionData`. */
export type HostSession = Session & Partial<SessionData>;

/** What the store asks Redis for, by its purpose; the commands of each are in docs/session-format.md. */
export type StoreOperation =
  | 'load'
  | 'create'
  | 'save'
  | 'touch'
  | 'destroy'
  | 'rotate'
  | 'take'
  | 'ticket'
  | 'epoch'
  | 'list'
  | 'revoke-all'
  | 'revoke-everyone'
  | 'sweep'
  | 'set-principal'
  | 'quarantine'
  | 'takeover'
  | 'doctor'
  | 'stats'
  | 'clock'
  | 'ring'
  | 'journal';

/** Something that happened to sessions, for metrics and logs. No token, no digest and no session data in it. */
export type SessionEvent =
  | { type: 'created'; anonymous: boolean }
  | { type: 'ended'; reason: EndReason; count: number }
  | { type: 'refused'; reason: 'gone' | 'conflict' | 'moved' | 'too-large' | 'limit' | 'stale' | 'throttled' }
  | { type: 'merged'; conflicts: number }
  | { type: 'ignored'; reason: 'corrupt' | 'mismatch' | 'other-version' | 'wrong-transport' }
  | { type: 'quarantined'; reason: 'corrupt' | 'mismatch' }
  /**
   * A command that ends sessions was answered: `local`, in force on the primary; `durable`, on every replica too;
   * `unconfirmed`, the replicas did not confirm it in time. With how long that took, waiting for them included.
   */
  | { type: 'revocation'; reason: 'local' | 'durable' | 'unconfirmed'; durationMs: number }
  /** A save or a touch came for a session that had ended, and did not bring it back. */
  | { type: 'resurrection-prevented'; operation: 'save' | 'touch' }
  /** Members of a user's index that were no session any more were taken out. */
  | { type: 'pruned'; count: number }
  /** A connection was closed: since its session has ended, since nobody could say whether it has, or by the client. */
  | { type: 'connection-closed'; code: 4401 | 4503 | 'other' }
  | { type: 'store-failed'; operation: StoreOperation }
  /** Redis does not answer, and nothing is sent there (`open`); it is being asked (`half-open`); it answers (`closed`). */
  | { type: 'breaker'; state: BreakerState };

/** What is known of a Redis by whoever sends commands there. */
export type BreakerState = 'open' | 'half-open' | 'closed';

/** Port: hears what happens to sessions. Called synchronously; it must not throw and must not block. */
export abstract class SessionObserver {
  /** Hears of one event, after it has taken effect. */
  abstract onSessionEvent(event: SessionEvent): void;

  /**
   * Hears how long Redis took to answer, or to fail, in milliseconds. Called for every command, so it has to be cheap.
   */
  onStoreCommand?(operation: StoreOperation, durationMs: number): void;
}

/** The live, authenticated session of a request. */
export interface RequestSession {
  principal: SessionPrincipal;
  userId: string;
  /** The handle, not the token. */
  sessionId: string;
  transport: Transport;
  profile: Profile;
  /** When the user last proved presence, ms of Redis's clock. */
  authenticatedAtMs: number;
  /** The session as its owner may see it. */
  view(): SessionView;
}
