import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';

import { isGuessable, MAKE_A_SECRET } from '../session/index.js';
import { parseDuration } from './duration.js';
import { parseRedisUrl } from './redis-url.js';
import { parseSmtpUrl } from './smtp-url.js';

// Longer than any balancer takes to notice.
const LONGEST_PAUSE_MS = 300_000;

/** A list in one variable, separated by commas; blanks around entries and empty entries do not count. */
function list(text: string): string[] {
  return text.split(',').flatMap((entry) => entry.trim() || []);
}

const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== null) return ms;
  context.addIssue('must be a duration above zero such as 500ms, 30s, 15m, 12h or 14d');
  return z.NEVER;
});

/** A duration that may be none, as `0`. */
const shortPause = z.string().transform((text, context) => {
  const ms = text === '0' ? 0 : parseDuration(text);
  if (ms !== null && ms <= LONGEST_PAUSE_MS) return ms;
  context.addIssue('must be 0, or a duration such as 500ms, 5s or 1m, at most 5m');
  return z.NEVER;
});

function integer(min: number, max: number) {
  const rule = `must be a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,10}$/, rule)
    .transform(Number)
    .refine((value) => value >= min && value <= max, rule);
}

function oneOf<const T extends readonly [string, ...string[]]>(...values: T) {
  return z.enum(values, `must be one of ${values.join(', ')}`);
}

const ring = z
  .string()
  .transform(list)
  .refine(
    (secrets) => secrets.length >= 1 && secrets.length <= 10,
    'must hold 1 to 10 secrets, separated by commas',
  )
  .refine(
    (secrets) => secrets.every((secret) => secret.length >= 32),
    'every secret must have at least 32 characters',
  )
  .refine(
    (secrets) => !secrets.some(isGuessable),
    `must hold nothing that can be guessed, such as one character again and again; ${MAKE_A_SECRET}`,
  )
  .refine((secrets) => new Set(secrets).size === secrets.length, 'must not hold a secret twice');

const redisUrl = z.string().transform((text, context) => {
  const servers = parseRedisUrl(text);
  if (servers !== null) return servers;
  context.addIssue(
    'must be redis://host:port, redis+sentinel://host:port,host:port/name, redis+cluster://host:port,host:port ' +
      '(rediss for TLS) or unix:/path/to/socket',
  );
  return z.NEVER;
});

const databaseUrl = z
  .string()
  .refine(
    (text) => /^sqlite:./.test(text) || /^postgres(ql)?:$/.test(protocolOf(text)),
    'must be sqlite:path or postgres://user:password@host/database',
  );

/** Scheme, host and port of an address and nothing more; null for everything else, also for `*` and `null`. */
function originOf(text: string): string | null {
  const url = urlOf(text);
  if (url === null || !/^https?:$/.test(url.protocol)) return null;
  if (url.username || url.password || url.search || url.hash || !/^\/?$/.test(url.pathname)) return null;
  return url.hostname.includes('*') ? null : url.origin;
}

const origin = z.string().transform((text, context) => {
  const value = originOf(text);
  if (value !== null) return value;
  context.addIssue('must be an origin such as https://app.example.com: no path, no query, no user');
  return z.NEVER;
});

const webAddress = z.string().refine((text) => {
  const url = urlOf(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    !url.username &&
    !url.password &&
    !url.search &&
    !url.hash
  );
}, 'must be an address such as https://api.example.com/path: no query, no user');

const origins = z.string().transform((text, context) => {
  const values = list(text).map(originOf);
  if (!values.includes(null)) return values as string[];
  context.addIssue(
    'must be origins such as https://app.example.com, separated by commas: no *, no null, no paths',
  );
  return z.NEVER;
});

/** A page to which something is added as its fragment. */
const page = z
  .string()
  .refine(
    (text) => /^https?:$/.test(protocolOf(text)) && !text.includes('#') && !urlOf(text)?.username,
    'must be the address of a page such as https://app.example.com/confirm: no user, no fragment',
  );

const smtpServer = z.string().transform((text, context) => {
  const server = parseSmtpUrl(text);
  if (server !== null) return server;
  context.addIssue(
    'must be smtp://user:password@host:port or smtps://user:password@host:port, or without a user',
  );
  return z.NEVER;
});

const proxies = z
  .string()
  .transform(list)
  .refine(
    (entries) => entries.every(isNetwork),
    'must be IP addresses and networks such as 10.0.0.0/8, separated by commas',
  );

function isNetwork(text: string): boolean {
  const [address = '', prefix, ...rest] = text.split('/');
  if (isIP(address) === 0 || rest.length > 0) return false;
  if (prefix === undefined) return true;
  // A prefix of zero would trust everybody to name his own address.
  return /^[1-9]\d{0,2}$/.test(prefix) && Number(prefix) <= (isIPv4(address) ? 32 : 128);
}

function urlOf(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

function protocolOf(text: string): string {
  return urlOf(text)?.protocol ?? '';
}

/** Every variable by its name, each optional here: which are needed depends on `NODE_ENV` (see env.rules.ts). */
export const FIELDS = {
  NODE_ENV: oneOf('development', 'production', 'test'),
  HOST: z
    .string()
    .refine((host) => isIP(host) !== 0 || host === 'localhost', 'must be an IP address or localhost'),
  PORT: integer(0, 65_535),
  PUBLIC_URL: origin,
  SHUTDOWN_DELAY: shortPause,
  DATA_DIR: z.string(),
  REDIS_URL: redisUrl,
  REDIS_TLS_CA: z.string(),
  REDIS_TLS_CERT: z.string(),
  REDIS_TLS_KEY: z.string(),
  REDIS_SENTINEL_USER: z.string(),
  REDIS_SENTINEL_PASSWORD: z.string(),
  DATABASE_URL: databaseUrl,
  SESSION_SECRETS: ring,
  SESSION_INDEX_KEYS: ring,
  SESSION_PREFIX: z.string().regex(/^[\w:.-]{1,32}$/, 'must be 1 to 32 letters, digits or any of : _ . -'),
  SESSION_WEB_IDLE: duration,
  SESSION_WEB_ABSOLUTE: duration,
  SESSION_BEARER_IDLE: duration,
  SESSION_BEARER_ABSOLUTE: duration,
  SESSION_ADMIN_IDLE: duration,
  SESSION_ADMIN_ABSOLUTE: duration,
  SESSION_LIMIT: integer(1, 100),
  SESSION_LIMIT_POLICY: oneOf('evict-lru', 'evict-oldest', 'reject'),
  SESSION_MAX_BYTES: integer(512, 1_048_576),
  REVOCATION_DURABILITY: oneOf('local', 'replicated'),
  REVOCATION_REPLICAS: integer(1, 100),
  TOUCH_INTERVAL: duration,
  REAUTH_WINDOW: duration,
  REGISTRATION: oneOf('open', 'closed', 'confirm'),
  CONFIRM_URL: page,
  SMTP_URL: smtpServer,
  MAIL_FROM: z
    .string()
    .max(320, 'must have at most 320 characters')
    .regex(
      /^(?:[^\p{C}<>@",;]*<[^\p{C}\s<>@,;]+@[^\p{C}\s<>@,;]+>|[^\p{C}\s<>@,;]+@[^\p{C}\s<>@,;]+)$/u,
      'must be an e-mail address, or a name and <an e-mail address>',
    ),
  // NIST SP 800-63B-4, section 3.1.1.2: never below 8; above 64 nobody could be told to choose one.
  PASSWORD_MIN_LENGTH: integer(8, 64),
  PASSWORD_CONTEXT_WORDS: z
    .string()
    .transform(list)
    .refine(
      (words) => words.length <= 100 && words.every((word) => word.length >= 3 && word.length <= 64),
      'must be at most 100 words of 3 to 64 characters, separated by commas',
    ),
  PASSWORD_BREACH_URL: webAddress,
  // Lower bounds are those of the argon2 package.
  ARGON2_MEMORY_KIB: integer(1_024, 4_194_304),
  ARGON2_TIME: integer(2, 1_000),
  ARGON2_PARALLELISM: integer(1, 64),
  // libuv takes no more.
  UV_THREADPOOL_SIZE: integer(1, 1_024),
  THROTTLE_ADDRESS_FAILURES: integer(1, 1_000_000),
  THROTTLE_NETWORK_FAILURES: integer(1, 1_000_000),
  THROTTLE_SERVICE_FAILURES: integer(1, 1_000_000),
  THROTTLE_REGISTRATIONS: integer(1, 1_000_000),
  THROTTLE_VISITORS: integer(1, 1_000_000),
  TRUSTED_PROXIES: proxies,
  ALLOWED_ORIGINS: origins,
  MIGRATE_FROM: oneOf('connect-redis'),
  // RFC 6265, section 4.1.1: a token of RFC 9110.
  MIGRATE_COOKIE: z.string().regex(/^[\w!#$%&'*+.^`|~-]{1,64}$/, 'must be the name of a cookie'),
  MIGRATE_PREFIX: z.string().max(64, 'must have at most 64 characters'),
  MIGRATE_SECRETS: z
    .string()
    .transform(list)
    .refine(
      (secrets) => secrets.length >= 1 && secrets.length <= 10,
      'must hold 1 to 10 secrets, separated by commas',
    ),
  METRICS_PORT: integer(0, 65_535),
  METRICS_HOST: z
    .string()
    .refine((host) => isIP(host) !== 0 || host === 'localhost', 'must be an IP address or localhost'),
  CONSOLE: oneOf('on', 'off'),
  DOCS: oneOf('on', 'off'),
  DEBUG: z.string(),
  NODE_DEBUG: z.string(),
  LOG_LEVEL: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
} as const;

/** The variables that were set and are well-formed, as {@link FIELDS} makes them. */
export type Settings = { [Name in keyof typeof FIELDS]?: z.output<(typeof FIELDS)[Name]> };
