import type { Lifetimes, LimitPolicy, Profile, Transport } from '../../src/session/session.types.js';

const MINUTE = 60_000;

/**
 * Every timeout ends between two minutes of the model, because it waits for whole, even numbers of minutes: whether a
 * session has expired never hangs on the milliseconds that a run itself takes. Idle and absolute timeouts are near
 * each other, so that a touch soon meets the absolute one.
 */
export const LIFETIMES: Lifetimes = {
  web: { idleTimeoutMs: 21 * MINUTE, absoluteTimeoutMs: 51 * MINUTE },
  bearer: { idleTimeoutMs: 41 * MINUTE, absoluteTimeoutMs: 91.5 * MINUTE },
  admin: { idleTimeoutMs: 15 * MINUTE, absoluteTimeoutMs: 31 * MINUTE },
  anonymous: { idleTimeoutMs: 11 * MINUTE, absoluteTimeoutMs: 25 * MINUTE },
};
export const TOUCH_INTERVAL_MS = MINUTE;
/** How long a ticket is good, and how long an anonymous session that was taken over is remembered. */
export const LONGEST_LOGIN_MS = 15 * MINUTE;
/** How long it is remembered that the client of a session was given another id. */
export const MOVED_FOR_MS = MINUTE;
export const GENERATION_TTL_MS = LIFETIMES.bearer.absoluteTimeoutMs + LONGEST_LOGIN_MS;
/** Longer than anything is kept. */
export const EVERYTHING_OVER_MS = 25 * 60 * MINUTE;

/** Mostly shorter than any session lives, so that many can be used for as long as they may. */
export const WAITS_MS = [2, 2, 4, 4, 8, 8, 8, 10, 10, 16, 30, 60, 120].map((minutes) => minutes * MINUTE);

export const ADMIN_ROLE = 'admin';

/** What differs between two runs, besides their steps. */
export interface Setting {
  maxSessions: number;
  limitPolicy: LimitPolicy;
  /** Most records that one revoke-all deletes itself: with few, a user seems to have many sessions. */
  inlineDeletes: number;
  /** Whether the rest is deleted; a node that dies leaves it. */
  sweeps: boolean;
}

export interface Kind {
  transport: Transport;
  profile: Profile;
}

export function kindFor(roles: readonly string[], transport: Transport): Kind {
  const profile = roles.includes(ADMIN_ROLE) ? 'admin' : transport === 'bearer' ? 'bearer' : 'web';
  return { transport, profile };
}

/** Design rule 8: an admin's session takes the minimum of both timeouts. */
export function lifetimeOf(kind: Kind | undefined): { idleMs: number; absoluteMs: number } {
  const names = !kind
    ? (['anonymous'] as const)
    : ([kind.profile, kind.transport === 'bearer' ? 'bearer' : 'web'] as const);
  const lifetimes = names.map((name) => LIFETIMES[name]);
  return {
    idleMs: Math.min(...lifetimes.map((lifetime) => lifetime.idleTimeoutMs)),
    absoluteMs: Math.min(...lifetimes.map((lifetime) => lifetime.absoluteTimeoutMs)),
  };
}
