import { randomBytes } from 'node:crypto';
import type { SessionData } from 'express-session';
import type { Cluster, Redis } from 'ioredis';
import type { Lifetime, LimitPolicy, SessionObserver, SessionPrincipal } from '../session.types.js';
import type { JsonData, Serializer } from './session-codec.js';
import { SessionEngine } from './session-engine.js';

const DAY_MS = 86_400_000;
const HIGHEST_TOUCH_INTERVAL_MS = 60_000;

/** Options of a store that is used without SessionModule. The first four are those of connect-redis 8. */
export interface RedisSessionStoreOptions {
  /** A connected ioredis client; it stays the host's to close. */
  client: Redis | Cluster;
  /** What every key begins with. @default 'lk:' */
  prefix?: string;
  /** Idle timeout in seconds of sessions whose cookie has no `maxAge`. @default 86400 */
  ttl?: number | ((session: SessionData) => number);
  /** Turns a session's data into text and back. @default JSON */
  serializer?: Serializer;
  /** Keys of the per-user index, each at least 32 characters; the first makes new tags. Required with `userId`. */
  indexKeys?: readonly string[];
  /** Longest time without use, ms. @default the cookie's `maxAge`, or else `ttl` */
  idleTimeoutMs?: number;
  /** Longest life of a session, ms; nothing extends it. @default 30 days */
  absoluteTimeoutMs?: number;
  /** Shortest time between two touches of one session, over all nodes, ms. @default a tenth of the idle timeout, at most 60000 */
  touchIntervalMs?: number;
  /** Most sessions a user may have, 0 for any number. @default 10 */
  maxSessions?: number;
  /** What happens beyond it. @default 'evict-lru' */
  limitPolicy?: LimitPolicy;
  /** Most bytes of JSON in one session. @default 16384 */
  maxSessionBytes?: number;
  /** Finds the user of a session. Without it every session is anonymous and there is no index. */
  userId?: (session: SessionData) => string | undefined;
  /** Hears what happens to sessions. */
  observer?: SessionObserver;
}

/** @internal */
export function standaloneEngine(options: RedisSessionStoreOptions): SessionEngine {
  if (options.userId && !options.indexKeys?.length) {
    throw new TypeError('RedisSessionStore: userId needs indexKeys, at least one secret of 32 characters or more.');
  }
  const idle = options.idleTimeoutMs ?? (typeof options.ttl === 'number' ? options.ttl * 1000 : DAY_MS);
  const lifetime: Lifetime = { idleTimeoutMs: idle, absoluteTimeoutMs: options.absoluteTimeoutMs ?? 30 * DAY_MS };
  const { userId } = options;
  return new SessionEngine({
    client: options.client,
    prefix: options.prefix ?? 'lk:',
    // Without users no tag is ever made, but a handle may be.
    indexKeys: options.indexKeys ?? [randomBytes(32).toString('base64url')],
    serializer: options.serializer ?? JSON,
    lifetimes: { anonymous: lifetime, web: lifetime, bearer: lifetime, admin: lifetime },
    adminRole: 'admin',
    touchIntervalMs: options.touchIntervalMs ?? Math.min(idle / 10, HIGHEST_TOUCH_INTERVAL_MS),
    maxSessions: options.maxSessions ?? 10,
    limitPolicy: options.limitPolicy ?? 'evict-lru',
    maxSessionBytes: options.maxSessionBytes ?? 16_384,
    protectedKeys: ['passport'],
    userOf: (data) => {
      const id = userId?.(data as unknown as SessionData);
      return id === undefined ? undefined : bareUser(id);
    },
    idleTimeoutMsOf: (data) => idleOf(options, idle, data),
    observer: options.observer,
  });
}

function idleOf(options: RedisSessionStoreOptions, idle: number, data: JsonData): number {
  if (typeof options.ttl === 'function') return options.ttl(data as unknown as SessionData) * 1000;
  const maxAge = (data['cookie'] as { originalMaxAge?: unknown } | undefined)?.originalMaxAge;
  if (typeof maxAge !== 'number') return idle;
  return options.idleTimeoutMs === undefined ? maxAge : Math.min(maxAge, idle);
}

// The store alone knows no more of a user than the id.
const bareUser = (id: string): SessionPrincipal => ({
  id,
  email: '',
  displayName: null,
  roles: [],
  disabled: false,
  createdAt: '',
});
