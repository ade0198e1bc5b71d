import type { AuthModuleOptions, KnownOrigins, ResolvedAuthOptions } from './auth.module-definition.js';
import { Argon2Hasher, DEFAULT_ARGON2 } from './password/argon2.hasher.js';
import { hashCapacity, thisMachine } from './password/hash-capacity.js';
import { QueuedHasher } from './password/queued.hasher.js';
import { MAX_PASSWORD_CODE_POINTS } from './password/normalise-password.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// NIST SP 800-63B-4, section 3.1.1.2: 15 where the password is the only factor; 8 is the floor under any policy.
const DEFAULT_MIN_LENGTH = 15;
const LOWEST_MIN_LENGTH = 8;
// Beyond that nobody has «proved presence recently», and the step-up would be one in name only.
const LONGEST_REAUTH_WINDOW_MS = 24 * 60 * MINUTE;
const STORE_METHODS = ['findByEmail', 'findCredentials', 'create', 'rehash', 'changePassword'] as const;
const THROTTLE_METHODS = ['begin', 'reset', 'forgetDevices'] as const;

/**
 * Puts the defaults in place and checks what a host passed. Reports every problem at once, by name, never by value.
 * @throws TypeError
 */
export function resolveAuthOptions(options: AuthModuleOptions): ResolvedAuthOptions {
  const problems = problemsOf(options);
  if (problems.length > 0)
    throw new TypeError(`AuthModule cannot start:\n${problems.map((p) => `- ${p}`).join('\n')}`);
  return {
    userStore: options.userStore,
    throttle: options.throttle,
    hasher: queuedHasher(options),
    loadUser: options.loadUser,
    events: options.events,
    notifier: options.notifier,
    registration: options.registration ?? 'closed',
    mailSender: options.mailSender,
    oneTimeTokens: options.oneTimeTokens,
    resetLifetimeMs: options.resetLifetimeMs ?? HOUR,
    registrationLifetimeMs: options.registrationLifetimeMs ?? DAY,
    passwordMinLength: options.passwordMinLength ?? DEFAULT_MIN_LENGTH,
    contextWords: options.contextWords ?? ['latchkey'],
    breachedPasswords: options.breachedPasswords,
    reauthWindowMs: options.reauthWindowMs ?? 15 * MINUTE,
    isKnownOrigin: knownOrigins(options.origins ?? []),
    clearSiteData: options.clearSiteData ?? ['cache', 'storage'],
    cookie: { name: '__Host-sid', secure: true, sameSite: 'lax', ...options.cookie },
    adminRole: options.adminRole ?? 'admin',
  };
}

function queuedHasher(options: AuthModuleOptions): QueuedHasher {
  const limits = {
    concurrency: Math.min(options.hashConcurrency ?? Infinity, capacityOf(options)),
    queueLength: options.hashQueueLength ?? 64,
  };
  return new QueuedHasher(options.hasher ?? new Argon2Hasher(options.argon2), limits, options.hashObserver);
}

function capacityOf({ hasher, argon2, threadPoolSize }: AuthModuleOptions): number {
  return hashCapacity(hasher ? undefined : (argon2 ?? DEFAULT_ARGON2), thisMachine(threadPoolSize));
}

function problemsOf(options: AuthModuleOptions): string[] {
  const problems: string[] = [];
  const need = (holds: boolean, problem: string) => holds || problems.push(problem);
  const whole = (value: number | undefined, min: number, max = Number.MAX_SAFE_INTEGER) =>
    value === undefined || (Number.isInteger(value) && value >= min && value <= max);

  const throttle = options.throttle as Partial<typeof options.throttle> | undefined;
  const store = options.userStore as Partial<typeof options.userStore> | undefined;
  const missing = STORE_METHODS.filter((method) => typeof store?.[method] !== 'function');
  need(
    missing.length === 0,
    `userStore: pass an object with the methods of UserStore; missing: ${missing.join(', ')}.`,
  );
  need(
    THROTTLE_METHODS.every((method) => typeof throttle?.[method] === 'function'),
    'throttle: pass new RedisLoginThrottle({ client }) with an ioredis client, or a LoginThrottle of your own.',
  );
  need(
    options.loadUser === undefined || typeof options.loadUser === 'function',
    'loadUser: pass a function that returns your user for a principal, or leave it out to have the principal.',
  );
  need(
    options.hasher === undefined || typeof options.hasher.verify === 'function',
    'hasher: pass a PasswordHasher, or leave it out for argon2id.',
  );
  need(
    options.notifier === undefined || typeof options.notifier.onNewDevice === 'function',
    'notifier: pass a LoginNotifier, or leave it out to tell nobody of new devices.',
  );
  need(
    options.events === undefined || typeof options.events.record === 'function',
    'events: pass a SecurityEvents, or leave it out to keep no trail.',
  );
  need(
    options.breachedPasswords === undefined || typeof options.breachedPasswords.isBreached === 'function',
    'breachedPasswords: pass a BreachedPasswords, or leave it out to ask nobody.',
  );
  need(
    options.registration === undefined || ['open', 'closed', 'confirm'].includes(options.registration),
    "registration: must be 'open', 'closed' or 'confirm'.",
  );
  const { mailSender: sender, oneTimeTokens: tokens } = options as Partial<AuthModuleOptions>;
  const confirming = options.registration === 'confirm';
  need(
    sender === undefined ? !confirming : hasMethods(sender, ['sendRegistration', 'sendAccountExists']),
    'mailSender: pass a MailSender; registrations that are to be confirmed need one.',
  );
  need(
    tokens === undefined ? !confirming : hasMethods(tokens, ['put', 'find', 'take']),
    'oneTimeTokens: pass new RedisOneTimeTokenStore({ client }) or a OneTimeTokenStore of your own; registrations that are to be confirmed need one.',
  );
  for (const name of ['registrationLifetimeMs', 'resetLifetimeMs'] as const) {
    need(whole(options[name], 1), `${name}: must be a whole number of milliseconds, at least 1.`);
  }
  need(
    whole(options.passwordMinLength, LOWEST_MIN_LENGTH, MAX_PASSWORD_CODE_POINTS),
    `passwordMinLength: must be a whole number from ${LOWEST_MIN_LENGTH} to ${MAX_PASSWORD_CODE_POINTS}.`,
  );
  need(
    options.reauthWindowMs === undefined ||
      (options.reauthWindowMs > 0 && options.reauthWindowMs <= LONGEST_REAUTH_WINDOW_MS),
    'reauthWindowMs: must be a positive number of milliseconds, at most a day.',
  );
  need(whole(options.hashConcurrency, 1), 'hashConcurrency: must be a whole number of at least 1.');
  need(whole(options.hashQueueLength, 0), 'hashQueueLength: must be a whole number of at least 0.');
  need(whole(options.threadPoolSize, 1), 'threadPoolSize: must be a whole number of at least 1.');
  need(
    !whole(options.threadPoolSize, 1) || capacityOf(options) > 0,
    'argon2: one hash would take more than a quarter of the memory there is; lower memoryKib or give it more.',
  );
  need(
    typeof options.origins === 'function' || (options.origins ?? []).every(isOrigin),
    'origins: every entry must be an origin such as https://app.example.com.',
  );
  need(
    (options.clearSiteData ?? []).every((type) => /^[a-zA-Z*]+$/.test(type)),
    "clearSiteData: every entry must be a type of data such as 'cache', without quotes.",
  );
  return problems;
}

function hasMethods<T extends object>(port: T, methods: (keyof T)[]): boolean {
  return methods.every((method) => typeof port[method] === 'function');
}

function knownOrigins(origins: string[] | KnownOrigins): KnownOrigins {
  if (typeof origins === 'function') return origins;
  const known = new Set(origins.map((origin) => new URL(origin).origin));
  return (origin) => known.has(origin);
}

function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && url.origin !== 'null' && url.href === `${url.origin}/`;
}
