import type { SessionData } from 'express-session';
import type { Cluster, Redis } from 'ioredis';
import type { LimitPolicy, SessionObserver } from '../session.types.js';
import type { Serializer } from './session-codec.js';

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
