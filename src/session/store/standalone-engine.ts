import { randomBytes } from 'node:crypto';
import { Cookie, type SessionData } from 'express-session';
import type { Lifetime, SessionPrincipal } from '../session.types.js';
import { resolveDurability } from '../durability/durability.options.js';
import { checkStoreOptions } from './redis-session.store.checks.js';
import type { RedisSessionStoreOptions } from './redis-session.store.options.js';
import type { JsonData } from './session-codec.js';
import { cookieLifeMs } from './session-cookie.js';
import { SessionEngine } from './session-engine.js';

const DAY_MS = 86_400_000;
const HIGHEST_TOUCH_INTERVAL_MS = 60_000;

/**
 * The engine of a store without SessionModule: every option with its default in place.
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
    guardIndexKeys: userId !== undefined,
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
    durability: resolveDurability(),
    observer: options.observer,
    warn: (message) => process.emitWarning(message, 'LatchkeyWarning'),
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
