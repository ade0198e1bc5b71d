import type { Settings } from './env.schema.js';
import type { RedisServers } from './redis-url.js';

interface Lifetime {
  idleTimeoutMs: number;
  absoluteTimeoutMs: number;
}

/** The program's settings: parsed once, complete, frozen. Durations in milliseconds. */
export interface Env {
  nodeEnv: 'development' | 'production' | 'test';
  production: boolean;
  host: string;
  port: number;
  /** Whether `PORT` was left out, so that another free port may be taken in development. */
  portIsDefault: boolean;
  /** The origin under which browsers reach the program; undefined: whatever loopback address it listens on. */
  publicUrl: string | undefined;
  /** How long the program goes on taking connections when it is told to end, so that balancers notice. */
  shutdownDelayMs: number;
  dataDir: string;
  /** Where Redis is, and how to get in there. */
  redis: Omit<RedisServers, 'tls'> & {
    sentinelUser: string | undefined;
    sentinelPassword: string | undefined;
    /** Paths of PEM files; undefined: no TLS. */
    tls:
      { caFile: string | undefined; certFile: string | undefined; keyFile: string | undefined } | undefined;
  };
  databaseUrl: string;
  sessionSecrets: string[];
  sessionIndexKeys: string[];
  sessionPrefix: string;
  lifetimes: Record<'web' | 'bearer' | 'admin' | 'anonymous', Lifetime>;
  sessionLimit: number;
  sessionLimitPolicy: 'evict-lru' | 'evict-oldest' | 'reject';
  sessionMaxBytes: number;
  touchIntervalMs: number;
  /** Where a session has to be ended before a revocation answers; `replicas` undefined: all that the primary has had. */
  durability: { mode: 'local' | 'replicated'; replicas: number | undefined };
  /** Sessions of express-session with connect-redis that are taken over; undefined: none. */
  takeover: { from: 'connect-redis'; cookieName: string; prefix: string; secrets: string[] } | undefined;
  reauthWindowMs: number;
  registration: 'open' | 'closed' | 'confirm';
  /** How the mails of registrations leave. */
  mail: {
    smtp:
      | {
          host: string;
          port: number;
          tls: 'implicit' | 'required' | 'offered' | 'none';
          user: string | undefined;
          password: string | undefined;
        }
      | undefined;
    from: string;
    confirmUrl: string;
  };
  passwordMinLength: number;
  passwordContextWords: string[];
  /** Where new passwords are compared with breached ones; undefined: nowhere. */
  passwordBreachUrl: string | undefined;
  argon2: { memoryKib: number; timeCost: number; parallelism: number };
  /** Threads of libuv's pool. */
  threadPoolSize: number;
  /** New anonymous sessions of one address in an hour; undefined: the limiter's own default. */
  visitorsPerAddress: number | undefined;
  /** Failed logins and registrations that are let through; undefined: the throttle's own defaults. */
  throttle: {
    addressFailures: number | undefined;
    networkFailures: number | undefined;
    serviceFailures: number | undefined;
    registrations: number | undefined;
  };
  trustedProxies: string[];
  allowedOrigins: string[];
  cookie: { name: string; secure: boolean };
  /** `port` undefined: `/metrics` on the main port in development, nowhere in production. */
  metrics: { port: number | undefined; host: string };
  /** Whether the pages for people are served. */
  console: boolean;
  docs: boolean;
  logLevel: NonNullable<Settings['LOG_LEVEL']>;
}

/** The settings before the secrets of a development machine are read or made. */
export type EnvWithoutSecrets = Omit<Env, 'sessionSecrets' | 'sessionIndexKeys'>;
