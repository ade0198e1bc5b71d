import { InvalidOptionsError, named, NO_OPTIONS } from '../options/index.js';
import type { AuthModuleOptions, KnownOrigins, ResolvedAuthOptions } from './auth.module-definition.js';
import { problemsOf, type SharedOptions } from './auth.options.checks.js';
import { Argon2Hasher } from './password/argon2.hasher.js';
import { capacityOf } from './password/password.options.checks.js';
import { QueuedHasher } from './password/queued.hasher.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
// NIST SP 800-63B-4, section 3.1.1.2: 15 where the password is the only factor; 8 is the floor under any policy.
const DEFAULT_MIN_LENGTH = 15;
const DEFAULT_COOKIE = { name: '__Host-sid', secure: true, sameSite: 'lax' } as const;
const CANNOT_START = 'AuthModule cannot start';

/**
 * Puts the defaults in place and checks what a host passed. Reports every problem at once, by name, never by value.
 * @param session the options of SessionModule that this module goes by
 * @throws InvalidOptionsError
 */
export function resolveAuthOptions(options: AuthModuleOptions, session?: SharedOptions): ResolvedAuthOptions {
  if (!named(options)) throw new InvalidOptionsError(CANNOT_START, [NO_OPTIONS]);
  InvalidOptionsError.throwFor(CANNOT_START, problemsOf(options, session));
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
    cookie: { ...(session?.cookie ?? DEFAULT_COOKIE), ...options.cookie },
    adminRole: options.adminRole ?? session?.adminRole ?? 'admin',
  };
}

function queuedHasher(options: AuthModuleOptions): QueuedHasher {
  const limits = {
    concurrency: Math.min(options.hashConcurrency ?? Infinity, capacityOf(options)),
    queueLength: options.hashQueueLength ?? 64,
  };
  return new QueuedHasher(options.hasher ?? new Argon2Hasher(options.argon2), limits, options.hashObserver);
}

function knownOrigins(origins: string[] | KnownOrigins): KnownOrigins {
  if (typeof origins === 'function') return origins;
  const known = new Set(origins.map((origin) => new URL(origin).origin));
  return (origin) => known.has(origin);
}
