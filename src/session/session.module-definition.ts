import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';
import type { Durability, DurabilityOptions } from './durability/durability.options.js';
import type { RevocationJournal } from './durability/revocation-journal.js';
import type { AnonymousSessionLimiter } from './anonymous-session-limiter.js';
import type { Lifetimes, LimitPolicy, SessionObserver } from './session.types.js';
import type { ResolvedTakeoverOptions, TakeoverOptions } from './takeover/takeover.options.js';

/** What `SessionModule.forRoot` takes, and a factory of `forRootAsync` returns. Checked at start: InvalidOptionsError. */
export interface SessionModuleOptions {
  /** A connected ioredis client; it stays the host's to close. */
  client: Redis | Cluster;
  /** Signs cookies and bearer tokens; the first signs, all verify. Each at least 32 characters. */
  secrets: string[];
  /** Keys of the per-user index; the first makes new tags. Each at least 32 characters. Not to be rotated with `secrets`. */
  indexKeys: string[];
  /** What every Redis key begins with. @default 'lk:' */
  prefix?: string;
  /** The session cookie. Always HttpOnly, Path=/, no Domain. @default { name: '__Host-sid', secure: true, sameSite: 'lax' } */
  cookie?: Partial<SessionCookieOptions>;
  /** Idle and absolute timeouts, ms. @default web 30 min / 12 h, bearer 14 d / 30 d, admin 15 min / 8 h, anonymous 30 min / 24 h */
  lifetimes?: Partial<Lifetimes>;
  /** Shortest time between two touches of one session over all nodes, ms. @default 60000, at most a tenth of the shortest idle timeout */
  touchIntervalMs?: number;
  /** Most sessions a user may have at a time, 0 for any number. @default 10 */
  maxSessions?: number;
  /** What a login beyond that does. @default 'evict-lru' */
  limitPolicy?: LimitPolicy;
  /** Most bytes of JSON in one session. @default 16384 */
  maxSessionBytes?: number;
  /** Top-level keys of an anonymous session that a login keeps. @default [] */
  carryOver?: string[];
  /** The role whose sessions have the admin profile. @default 'admin' */
  adminRole?: string;
  /** Sessions of another system that go on as sessions of this one when they are used. @default none */
  takeover?: TakeoverOptions;
  /**
   * Limits how many new anonymous sessions a client may have; RedisAnonymousSessionLimiter does so by address and network.
   * @default none: whoever sends no cookie may have any number
   */
  anonymousSessionLimiter?: AnonymousSessionLimiter;
  /**
   * Whether revocations wait for replicas, so that a failover cannot undo them. With `replicated` the module opens
   * connections of its own, copies of `client`'s, and closes them on shutdown.
   * @default { mode: 'local' }
   */
  durability?: DurabilityOptions;
  /**
   * Keeps revocations outside of Redis, so that they are repeated when Redis has lost them: after a failover, or the
   * restore of an old dump. Sessions are not read until that is done.
   * @default none
   */
  journal?: RevocationJournal;
  /**
   * How long a connection that is open stays so while Redis does not say whether its session lives, ms, at most 300000;
   * 0: no longer than until that is noticed.
   * @default 10000
   */
  socketOutageGraceMs?: number;
  /** Most connections that may be open on one node with one session, from 1. @default 32 */
  maxSocketsPerSession?: number;
  /** Hears what happens to sessions. */
  observer?: SessionObserver;
}

/** The attributes of the session cookie that a host may choose. */
export interface SessionCookieOptions {
  name: string;
  secure: boolean;
  sameSite: 'lax' | 'strict' | 'none';
}

/** What stands beside the options, or beside `useFactory`. */
export interface SessionModuleExtras {
  /** Makes SessionService available without importing the module again. @default false */
  isGlobal?: boolean;
  /** Paths whose requests have no session, as Nest's `exclude` takes them. @default [] */
  exclude?: string[];
}

/** Every option with its default in place. */
export type ResolvedSessionOptions = Required<
  Omit<
    SessionModuleOptions,
    'observer' | 'anonymousSessionLimiter' | 'cookie' | 'lifetimes' | 'takeover' | 'durability' | 'journal'
  >
> & {
  cookie: SessionCookieOptions;
  lifetimes: Lifetimes;
  durability: Durability;
  journal?: RevocationJournal;
  takeover?: ResolvedTakeoverOptions;
  anonymousSessionLimiter?: AnonymousSessionLimiter;
  observer?: SessionObserver;
};

export const SESSION_PATHS_EXCLUDED = Symbol('SESSION_PATHS_EXCLUDED');

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<SessionModuleOptions>({
    moduleName: 'Session',
  })
    .setClassMethodName('forRoot')
    .setExtras<SessionModuleExtras>(
      { isGlobal: false, exclude: [] },
      (definition, { isGlobal, exclude }) => ({
        ...definition,
        global: isGlobal ?? false,
        providers: [
          ...(definition.providers ?? []),
          { provide: SESSION_PATHS_EXCLUDED, useValue: exclude ?? [] },
        ],
      }),
    )
    .build();
