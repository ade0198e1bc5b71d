import { randomBytes } from 'node:crypto';
import { Cookie, type SessionData } from 'express-session';
import type { Cluster, Redis } from 'ioredis';
import type { Lifetime, LimitPolicy, SessionObserver, SessionPrincipal } from '../session.types.js';
import { checkStoreOptions } from './redis-session.store.checks.js';
import type { JsonData, Serializer } from './session-codec.js';
import { cookieLifeMs } from './session-cookie.js';
import { SessionEngine } from './session-engine.js';

const DAY_MS = 86_400_000;
const HIGHEST_TOUCH_INTERVAL_MS = 60_000;

/** Options of a store that is used without SessionModule. The first four are those of connect-redis 8. */
export interface RedisSessionStoreOptions {
  /** A connected ioredis client without a `keyPrefix`; it stays the host's to close. */
  client: Redis | Cluster;
  /** What every key begins with. @default 'lk:' */
  prefix?: string;
  /** Idle timeout in seconds of sessions whose cookie has no `maxAge`; a function decides for every session. @default 86400 */
  ttl?: number | ((session: SessionData) => number);
  /** Turns a session's data into text and back, both at once. @default JSON */
  serializer?: Serializer;
  /** Keys of the per-user index, each at least 32 characters; the first makes new tags. Required with `userId`. */
  indexKeys?: readonly string[];
  /** Longest time without use, ms; a cookie's `maxAge` can only shorten it. @default the cookie's `maxAge`, or else `ttl` */
  idleTimeoutMs?: number;
  /** Longest life of a session, ms; nothing extends it, no cookie's `maxAge` either. @default 30 days */
  absoluteTimeoutMs?: number;
  /**
   * Shortest time between two touches of one session, over all nodes, ms; 0 touches with every request. Never more than
   * a tenth of the session's idle timeout.
   * @default 60000
   */
  touchIntervalMs?: number;
  /** Most sessions a user may have, 0 for any number. @default 10 */
  maxSessions?: number;
  /** What happens beyond it. @default 'evict-lru' */
  limitPolicy?: LimitPolicy;
  /** Most bytes of JSON in one session. @default 16384 */
  maxSessionBytes?: number;
  /** Finds the user of a session. Without it every session is anonymous and there is no index. */
  userId?: (session: SessionData) => string | null | undefined;
  /**
   * What becomes of a user's session whose id is not from `createSessionId(userId)`. 'refuse' fails with
   * SessionUserMismatchError. 'index' keeps and indexes it all the same, for hosts whose ids are their own: its reads
   * cost two commands, and on Cluster its creation is two steps instead of one.
   * @default 'refuse'
   */
  untaggedIds?: 'refuse' | 'index';
  /** Hears what happens to sessions. */
  observer?: SessionObserver;
}

/**
 * @internal
 * @throws TypeError naming every option that is wrong
 */
export function standaloneEngine(options: RedisSessionStoreOptions): SessionEngine {
  checkStoreOptions(options);
  const idle = options.idleTimeoutMs ?? (typeof options.ttl === 'number' ? options.ttl * 1000 : DAY_MS);
  const lifetime: Lifetime = {
    idleTimeoutMs: idle,
    absoluteTimeoutMs: options.absoluteTimeoutMs ?? 30 * DAY_MS,
  };
  const { userId } = options;
  return new SessionEngine({
    client: options.client,
    prefix: options.prefix ?? 'lk:',
    // Without users no tag is ever made, but a handle may be.
    indexKeys: options.indexKeys ?? [randomBytes(32).toString('base64url')],
    serializer: options.serializer ?? JSON,
    lifetimes: { anonymous: lifetime, web: lifetime, bearer: lifetime, admin: lifetime },
    adminRole: 'admin',
    touchIntervalMs: options.touchIntervalMs ?? HIGHEST_TOUCH_INTERVAL_MS,
    maxSessions: options.maxSessions ?? 10,
    limitPolicy: options.limitPolicy ?? 'evict-lru',
    maxSessionBytes: options.maxSessionBytes ?? 16_384,
    protectedKeys: ['passport'],
    userOf: (data) => {
      const id = userId?.(data as unknown as SessionData);
      return id === undefined || id === null ? undefined : bareUser(id);
    },
    idleTimeoutMsOf: (data) => idleOf(options, idle, data),
    observer: options.observer,
  });
}

function idleOf(options: RedisSessionStoreOptions, idle: number, data: JsonData): number {
  const own =
    typeof options.ttl === 'function' ? options.ttl(withExpiry(data)) * 1000 : cookieLifeMs(data['cookie']);
  return Math.min(own ?? idle, options.idleTimeoutMs ?? Infinity);
}

// As connect-redis shows it to a `ttl` function: the cookie is one of express-session's, which says when it expires.
function withExpiry(data: JsonData): SessionData {
  const life = cookieLifeMs(data['cookie']);
  const cookie = Object.assign(new Cookie(), data['cookie'], {
    expires: life === undefined ? null : new Date(Date.now() + life),
  });
  return { ...data, cookie: Object.assign(cookie, { originalMaxAge: life ?? null }) };
}

// The store alone knows no more of a user than the id.
const bareUser = (id: string): SessionPrincipal => ({
  id: String(id),
  email: '',
  displayName: null,
  roles: [],
  disabled: false,
  createdAt: '',
});
