import type { ResolvedSessionOptions, SessionModuleOptions } from './session.module-definition.js';
import { durabilityProblems, resolveDurability } from './durability/durability.options.js';
import { problemOfClient } from './store/redis-session.store.checks.js';
import type { Lifetime, Lifetimes } from './session.types.js';
import { isGuessable, MAKE_A_SECRET } from './token/secret-strength.js';
import { resolveTakeoverOptions, takeoverProblems } from './takeover/takeover.options.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIN_SECRET_LENGTH = 32;
// What browsers let a cookie live at most (RFC 6265bis, section 5.5). A timeout beyond it is a way to have none.
const LONGEST_LIFETIME_MS = 400 * DAY;

/** @see OWASP Session Management Cheat Sheet; NIST SP 800-63B-4 (web AAL2, bearer AAL1, admin AAL3) */
const DEFAULT_LIFETIMES: Lifetimes = {
  web: { idleTimeoutMs: 30 * MINUTE, absoluteTimeoutMs: 12 * HOUR },
  bearer: { idleTimeoutMs: 14 * DAY, absoluteTimeoutMs: 30 * DAY },
  admin: { idleTimeoutMs: 15 * MINUTE, absoluteTimeoutMs: 8 * HOUR },
  anonymous: { idleTimeoutMs: 30 * MINUTE, absoluteTimeoutMs: DAY },
};

/**
 * Puts the defaults in place and checks what a host passed. Reports every problem at once, by name, never by value.
 * @throws TypeError
 */
export function resolveSessionOptions(options: SessionModuleOptions): ResolvedSessionOptions {
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
    observer: options.observer,
  };
  const problems = problemsOf(resolved, shortestIdle);
  if (problems.length > 0)
    throw new TypeError(`SessionModule cannot start:\n${problems.map((p) => `- ${p}`).join('\n')}`);
  return resolved;
}

function problemsOf(options: ResolvedSessionOptions, shortestIdle: number): string[] {
  const problems: string[] = [];
  const need = (holds: boolean, problem: string) => holds || problems.push(problem);
  const client = problemOfClient(options.client);
  if (client) problems.push(client);
  for (const name of ['secrets', 'indexKeys'] as const) {
    const keys = options[name];
    need(Array.isArray(keys) && keys.length > 0, `${name} needs at least one entry.`);
    need(
      !Array.isArray(keys) || keys.every(isLongEnough),
      `${name}: every entry needs at least ${MIN_SECRET_LENGTH} characters.`,
    );
    need(
      !Array.isArray(keys) || !keys.some((key) => isLongEnough(key) && isGuessable(key)),
      `${name}: an entry can be guessed; ${MAKE_A_SECRET}.`,
    );
  }
  need(
    options.socketOutageGraceMs >= 0 && options.socketOutageGraceMs <= 5 * MINUTE,
    'socketOutageGraceMs must be a number of milliseconds from 0 to 300000.',
  );
  for (const [name, lifetime] of Object.entries(options.lifetimes)) {
    need(
      isLifetime(lifetime),
      `lifetimes.${name}: both timeouts must be positive, the idle one not above the absolute one, that one at most 400 days.`,
    );
  }
  need(
    options.touchIntervalMs > 0 && options.touchIntervalMs <= shortestIdle / 10,
    'touchIntervalMs must be positive and at most a tenth of the shortest idle timeout.',
  );
  need(
    Number.isInteger(options.maxSessions) && options.maxSessions >= 0,
    'maxSessions must be a whole number, 0 for any.',
  );
  need(options.maxSessionBytes > 0, 'maxSessionBytes must be positive.');
  const { cookie } = options;
  need(
    !/^__(Host|Secure)-/.test(cookie.name) || cookie.secure,
    'cookie: a __Host- or __Secure- name needs secure: true.',
  );
  need(cookie.sameSite !== 'none' || cookie.secure, "cookie: sameSite 'none' needs secure: true.");
  const reserved = options.carryOver.filter((key) => ['cookie', 'passport', '__proto__'].includes(key));
  need(reserved.length === 0, 'carryOver: cookie and passport cannot be carried over.');
  problems.push(...durabilityProblems(options.durability));
  if (options.takeover) problems.push(...takeoverProblems(options.takeover, cookie.name));
  return problems;
}

const isLongEnough = (key: unknown): key is string =>
  typeof key === 'string' && key.length >= MIN_SECRET_LENGTH;

const isLifetime = ({ idleTimeoutMs, absoluteTimeoutMs }: Lifetime) =>
  absoluteTimeoutMs <= LONGEST_LIFETIME_MS && idleTimeoutMs > 0 && idleTimeoutMs <= absoluteTimeoutMs;
