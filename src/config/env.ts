import { join, resolve } from 'node:path';

import { developmentSecrets } from './development-secrets.js';
import { parseDuration } from './duration.js';
import { defaultShutdownDelayMs } from './shutdown-delay.js';
import { combinedProblems, developmentProblems, smallestIdleMs, type EnvProblem } from './env.rules.js';
import { FIELDS, type Settings } from './env.schema.js';
import type { Env, EnvWithoutSecrets } from './env.types.js';
import { isLoopback } from './loopback.js';
import { privateRedisSocket } from './private-redis.js';
import { parseRedisUrl, type RedisServers } from './redis-url.js';
import { redisProblems } from './redis.rules.js';
import { productionProblems } from './production.rules.js';
import { describeUnknown, unknownSettings } from './unknown-settings.js';

/** The settings cannot be used. The message lists every problem, by variable and rule. */
export class EnvError extends Error {
  constructor(readonly problems: readonly EnvProblem<string>[]) {
    super(
      ['The settings cannot be used:', ...problems.map(({ name, rule }) => `  ${name}: ${rule}`)].join('\n'),
    );
    this.name = 'EnvError';
  }
}

/**
 * Turns environment variables into settings. An empty variable counts as unset. Outside of production, session
 * secrets that are unset are read from, or made in, the data directory; nothing else is touched. In production a misspelt
 * name is a problem, too.
 *
 * @throws {EnvError} with every problem at once.
 */
export function parseEnv(source: Readonly<Record<string, string | undefined>>): Env {
  const { settings, problems } = readFields(source);
  const production = settings.NODE_ENV === 'production';
  problems.push(...(production ? productionProblems(settings) : developmentProblems(settings)));
  const env = withDefaults(settings, production);
  problems.push(...combinedProblems(env, settings), ...redisProblems(settings));
  if (production) {
    problems.push(
      ...unknownSettings(source)
        .filter(({ misspelt }) => misspelt)
        .map((unknown) => ({ name: unknown.name, rule: describeUnknown(unknown) })),
    );
  }
  if (problems.length > 0) throw new EnvError(firstPerName(problems));
  return deepFreeze({ ...env, ...secretsOf(settings, env.dataDir) });
}

function readFields(source: Readonly<Record<string, string | undefined>>): {
  settings: Settings;
  problems: EnvProblem<string>[];
} {
  const settings: Record<string, unknown> = {};
  const problems: EnvProblem<string>[] = [];
  for (const [key, schema] of Object.entries(FIELDS)) {
    const name = key as keyof typeof FIELDS;
    const text = source[name]?.trim();
    if (!text) continue;
    const result = schema.safeParse(text);
    if (result.success) settings[name] = result.data;
    else problems.push({ name, rule: result.error.issues[0]?.message ?? 'is malformed' });
  }
  return { settings, problems };
}

function withDefaults(settings: Settings, production: boolean): EnvWithoutSecrets {
  const dataDir = resolve(settings.DATA_DIR ?? '.data');
  const secure = production || (settings.PUBLIC_URL?.startsWith('https:') ?? false);
  const lifetimes = lifetimesOf(settings);
  return {
    nodeEnv: settings.NODE_ENV ?? 'development',
    production,
    host: settings.HOST ?? (production ? '0.0.0.0' : '127.0.0.1'),
    port: settings.PORT ?? 3000,
    portIsDefault: settings.PORT === undefined,
    publicUrl: settings.PUBLIC_URL,
    shutdownDelayMs: settings.SHUTDOWN_DELAY ?? defaultShutdownDelayMs(production),
    dataDir,
    redis: redisOf(settings, dataDir),
    databaseUrl: settings.DATABASE_URL ?? `sqlite:${join(dataDir, 'latchkey.db')}`,
    sessionPrefix: settings.SESSION_PREFIX ?? 'lk:',
    lifetimes,
    sessionLimit: settings.SESSION_LIMIT ?? 10,
    sessionLimitPolicy: settings.SESSION_LIMIT_POLICY ?? 'evict-lru',
    sessionMaxBytes: settings.SESSION_MAX_BYTES ?? 16_384,
    durability: {
      mode: settings.REVOCATION_DURABILITY ?? 'local',
      replicas: settings.REVOCATION_REPLICAS,
    },
    touchIntervalMs:
      settings.TOUCH_INTERVAL ?? Math.min(ms('1m'), Math.floor(smallestIdleMs(lifetimes) / 10)),
    takeover: takeoverOf(settings),
    reauthWindowMs: settings.REAUTH_WINDOW ?? ms('15m'),
    registration: settings.REGISTRATION ?? (production ? 'closed' : 'open'),
    mail: mailOf(settings, production),
    passwordMinLength: settings.PASSWORD_MIN_LENGTH ?? 15,
    passwordContextWords: ['latchkey', ...(settings.PASSWORD_CONTEXT_WORDS ?? [])],
    passwordBreachUrl: settings.PASSWORD_BREACH_URL,
    argon2: {
      memoryKib: settings.ARGON2_MEMORY_KIB ?? 19_456,
      timeCost: settings.ARGON2_TIME ?? 2,
      parallelism: settings.ARGON2_PARALLELISM ?? 1,
    },
    threadPoolSize: settings.UV_THREADPOOL_SIZE ?? 4,
    throttle: {
      addressFailures: settings.THROTTLE_ADDRESS_FAILURES,
      networkFailures: settings.THROTTLE_NETWORK_FAILURES,
      serviceFailures: settings.THROTTLE_SERVICE_FAILURES,
      registrations: settings.THROTTLE_REGISTRATIONS,
    },
    visitorsPerAddress: settings.THROTTLE_VISITORS,
    trustedProxies: settings.TRUSTED_PROXIES ?? [],
    allowedOrigins: settings.ALLOWED_ORIGINS ?? [],
    // Browsers take a __Host- cookie only with Secure, and Secure only over https (RFC 6265bis, section 4.1.3).
    cookie: { name: secure ? '__Host-sid' : 'sid', secure },
    metrics: { port: settings.METRICS_PORT, host: settings.METRICS_HOST ?? '127.0.0.1' },
    console: isConsoleOn(settings, production),
    docs: settings.DOCS === undefined ? !production : settings.DOCS === 'on',
    logLevel: settings.LOG_LEVEL ?? 'info',
  };
}

function redisOf(settings: Settings, dataDir: string): Env['redis'] {
  const servers =
    settings.REDIS_URL ?? (parseRedisUrl(`unix:${privateRedisSocket(dataDir)}`) as RedisServers);
  return {
    ...servers,
    sentinelUser: settings.REDIS_SENTINEL_USER,
    sentinelPassword: settings.REDIS_SENTINEL_PASSWORD,
    tls: servers.tls
      ? {
          caFile: settings.REDIS_TLS_CA,
          certFile: settings.REDIS_TLS_CERT,
          keyFile: settings.REDIS_TLS_KEY,
        }
      : undefined,
  };
}

/** Sources: OWASP session management cheat sheet; NIST SP 800-63B-4, sections 2.1.3, 2.2.3 and 2.3.3. */
function lifetimesOf(settings: Settings): Env['lifetimes'] {
  return {
    web: {
      idleTimeoutMs: settings.SESSION_WEB_IDLE ?? ms('30m'),
      absoluteTimeoutMs: settings.SESSION_WEB_ABSOLUTE ?? ms('12h'),
    },
    bearer: {
      idleTimeoutMs: settings.SESSION_BEARER_IDLE ?? ms('14d'),
      absoluteTimeoutMs: settings.SESSION_BEARER_ABSOLUTE ?? ms('30d'),
    },
    admin: {
      idleTimeoutMs: settings.SESSION_ADMIN_IDLE ?? ms('15m'),
      absoluteTimeoutMs: settings.SESSION_ADMIN_ABSOLUTE ?? ms('8h'),
    },
    anonymous: { idleTimeoutMs: ms('30m'), absoluteTimeoutMs: ms('24h') },
  };
}

function isConsoleOn({ CONSOLE }: Settings, production: boolean): boolean {
  return CONSOLE === undefined ? !production : CONSOLE === 'on';
}

/** Passwords and tokens cross a network only under TLS; a server on this machine needs none. */
function mailOf(settings: Settings, production: boolean): Env['mail'] {
  const { SMTP_URL: server, PUBLIC_URL = `http://127.0.0.1:${settings.PORT ?? 3000}` } = settings;
  const startTls = server && isLoopback(server.host) ? 'none' : production ? 'required' : 'offered';
  return {
    smtp: server && {
      host: server.host,
      port: server.port,
      tls: server.implicitTls ? 'implicit' : startTls,
      user: server.user,
      password: server.password,
    },
    from: settings.MAIL_FROM ?? 'latchkey@localhost',
    confirmUrl:
      settings.CONFIRM_URL ??
      `${PUBLIC_URL}${isConsoleOn(settings, production) ? '/console/confirm' : '/confirm'}`,
  };
}

/** The defaults are those of express-session and connect-redis. */
function takeoverOf(settings: Settings): Env['takeover'] {
  return (
    settings.MIGRATE_FROM && {
      from: settings.MIGRATE_FROM,
      cookieName: settings.MIGRATE_COOKIE ?? 'connect.sid',
      prefix: settings.MIGRATE_PREFIX ?? 'sess:',
      secrets: settings.MIGRATE_SECRETS ?? [],
    }
  );
}

function secretsOf(settings: Settings, dataDir: string): Pick<Env, 'sessionSecrets' | 'sessionIndexKeys'> {
  const { SESSION_SECRETS: sessionSecrets, SESSION_INDEX_KEYS: sessionIndexKeys } = settings;
  if (sessionSecrets !== undefined && sessionIndexKeys !== undefined)
    return { sessionSecrets, sessionIndexKeys };
  const made = developmentSecrets(dataDir);
  return {
    sessionSecrets: sessionSecrets ?? made.sessionSecrets,
    sessionIndexKeys: sessionIndexKeys ?? made.sessionIndexKeys,
  };
}

/** A variable that is malformed is reported for that, not once more for what its default would have broken. */
function firstPerName(problems: readonly EnvProblem<string>[]): EnvProblem<string>[] {
  return problems.filter(({ name }, index) => problems.findIndex((other) => other.name === name) === index);
}

function ms(text: string): number {
  return parseDuration(text) ?? Number.NaN;
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member as object);
  }
  return Object.freeze(value);
}
