import { InvalidOptionsError, named, NO_OPTIONS } from '../options/index.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session.module-definition.js';
import { resolveDurability } from './durability/durability.options.js';
import { problemsOf, problemsOfShape, withoutBroken } from './session.options.checks.js';
import type { Lifetimes } from './session.types.js';
import { resolveTakeoverOptions } from './takeover/takeover.options.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CANNOT_START = 'SessionModule cannot start';

/** @see OWASP Session Management Cheat Sheet; NIST SP 800-63B-4 (web AAL2, bearer AAL1, admin AAL3) */
const DEFAULT_LIFETIMES: Lifetimes = {
  web: { idleTimeoutMs: 30 * MINUTE, absoluteTimeoutMs: 12 * HOUR },
  bearer: { idleTimeoutMs: 14 * DAY, absoluteTimeoutMs: 30 * DAY },
  admin: { idleTimeoutMs: 15 * MINUTE, absoluteTimeoutMs: 8 * HOUR },
  anonymous: { idleTimeoutMs: 30 * MINUTE, absoluteTimeoutMs: DAY },
};

/**
 * Puts the defaults in place and checks what a host passed. Reports every problem at once, by name, never by value.
 * @throws InvalidOptionsError
 */
export function resolveSessionOptions(given: SessionModuleOptions): ResolvedSessionOptions {
  if (!named(given)) throw new InvalidOptionsError(CANNOT_START, [NO_OPTIONS]);
  const options = withoutBroken(given);
  const lifetimes = { ...DEFAULT_LIFETIMES, ...options.lifetimes };
  const shortestIdle = Math.min(...Object.values(lifetimes).map((lifetime) => lifetime.idleTimeoutMs));
  const resolved: ResolvedSessionOptions = {
    client: options.client,
    secrets: options.secrets,
    indexKeys: options.indexKeys,
    prefix: options.prefix ?? 'lk:',
    cookie: { name: '__Host-sid', secure: true, sameSite: 'lax', ...options.cookie },
    lifetimes,
    touchIntervalMs: options.touchIntervalMs ?? Math.min(MINUTE, shortestIdle / 10),
    maxSessions: options.maxSessions ?? 10,
    limitPolicy: options.limitPolicy ?? 'evict-lru',
    maxSessionBytes: options.maxSessionBytes ?? 16_384,
    carryOver: options.carryOver ?? [],
    adminRole: options.adminRole ?? 'admin',
    takeover: options.takeover && resolveTakeoverOptions(options.takeover),
    durability: resolveDurability(options.durability),
    journal: options.journal,
    anonymousSessionLimiter: options.anonymousSessionLimiter,
    socketOutageGraceMs: options.socketOutageGraceMs ?? 10_000,
    maxSocketsPerSession: options.maxSocketsPerSession ?? 32,
    observer: options.observer,
  };
  InvalidOptionsError.throwFor(CANNOT_START, [
    ...problemsOfShape(given),
    ...problemsOf(resolved, shortestIdle),
  ]);
  return resolved;
}
