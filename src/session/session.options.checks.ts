import {
  cookieProblems,
  problemOfClient,
  hasMethods,
  isFilled,
  isTextList,
  isWhole,
  named,
  unknownOptions,
} from '../options/index.js';
import { type DurabilityOptions, durabilityProblems } from './durability/durability.options.js';
import type { ResolvedSessionOptions, SessionModuleOptions } from './session.module-definition.js';
import type { Lifetime, Lifetimes } from './session.types.js';
import { type TakeoverOptions, takeoverProblems } from './takeover/takeover.options.js';
import { isGuessable, MAKE_A_SECRET } from './token/secret-strength.js';

const MIN_SECRET_LENGTH = 32;
// What browsers let a cookie live at most (RFC 6265bis, section 5.5). A timeout beyond it is a way to have none.
const LONGEST_LIFETIME_MS = 400 * 24 * 3_600_000;
const LONGEST_GRACE_MS = 300_000;

// The compiler sees to it that none is forgotten.
const KNOWN: Record<keyof SessionModuleOptions, true> = {
  adminRole: true,
  anonymousSessionLimiter: true,
  carryOver: true,
  client: true,
  cookie: true,
  durability: true,
  indexKeys: true,
  journal: true,
  lifetimes: true,
  limitPolicy: true,
  maxSessionBytes: true,
  maxSessions: true,
  maxSocketsPerSession: true,
  observer: true,
  prefix: true,
  secrets: true,
  socketOutageGraceMs: true,
  takeover: true,
  touchIntervalMs: true,
};
const DURABILITY: Record<keyof DurabilityOptions, true> = { mode: true, replicas: true, timeoutMs: true };
const TAKEOVER: Record<keyof TakeoverOptions, true> = {
  client: true,
  cookieName: true,
  findPrincipal: true,
  from: true,
  legacyUserId: true,
  prefix: true,
  secrets: true,
  serializer: true,
};
const LIFETIMES: Record<keyof Lifetimes, true> = { web: true, bearer: true, admin: true, anonymous: true };
const LIFETIME: Record<keyof Lifetime, true> = { idleTimeoutMs: true, absoluteTimeoutMs: true };

const BESIDE = 'it stands beside useFactory, not in what that returns.';
const HINTS = { isGlobal: BESIDE, exclude: BESIDE };

/** What is wrong with the options as they are named and grouped. */
export function problemsOfShape(options: SessionModuleOptions): string[] {
  const problems = unknownOptions(options, KNOWN, { hints: HINTS });
  for (const name of brokenGroups(options)) problems.push(`${name}: must be an object.`);
  const groups: Record<string, unknown> = { ...options };
  const { cookie, durability, lifetimes, takeover } = groups;
  if (named(cookie)) problems.push(...cookieProblems(cookie));
  if (named(lifetimes)) problems.push(...lifetimesProblems(lifetimes));
  if (named(durability)) problems.push(...unknownOptions(durability, DURABILITY, { path: 'durability.' }));
  if (named(takeover)) problems.push(...unknownOptions(takeover, TAKEOVER, { path: 'takeover.' }));
  return problems;
}

/** The options without what has not even the right shape, so that everything else can be looked at too. */
export function withoutBroken(options: SessionModuleOptions): SessionModuleOptions {
  const rest = { ...options };
  for (const name of brokenGroups(options)) delete rest[name];
  if (rest.lifetimes) {
    const whole = Object.entries(rest.lifetimes).filter(([, lifetime]) => named(lifetime));
    rest.lifetimes = Object.fromEntries(whole);
  }
  return rest;
}

const brokenGroups = (options: SessionModuleOptions) =>
  (['cookie', 'lifetimes', 'takeover', 'durability'] as const).filter(
    (name) => options[name] !== undefined && !named(options[name]),
  );

function lifetimesProblems(lifetimes: Record<string, unknown>): string[] {
  return [
    ...unknownOptions(lifetimes, LIFETIMES, { path: 'lifetimes.' }),
    ...Object.entries(lifetimes).flatMap(([kind, lifetime]) =>
      named(lifetime)
        ? unknownOptions(lifetime, LIFETIME, { path: `lifetimes.${kind}.` })
        : `lifetimes.${kind}: must be { idleTimeoutMs, absoluteTimeoutMs }.`,
    ),
  ];
}

/** What is wrong with options that have their defaults in place and the right shape. */
export function problemsOf(options: ResolvedSessionOptions, shortestIdleMs: number): string[] {
  const problems: string[] = [];
  const need = (holds: boolean, problem: string) => holds || problems.push(problem);
  const client = problemOfClient(options.client);
  if (client) problems.push(client);
  problems.push(...secretProblems('secrets', options.secrets));
  problems.push(...secretProblems('indexKeys', options.indexKeys));
  need(typeof options.prefix === 'string', 'prefix: must be a text.');
  const { socketOutageGraceMs: grace } = options;
  need(
    typeof grace === 'number' && grace >= 0 && grace <= LONGEST_GRACE_MS,
    'socketOutageGraceMs must be a number of milliseconds from 0 to 300000.',
  );
  need(isWhole(options.maxSocketsPerSession, 1), 'maxSocketsPerSession must be a whole number from 1.');
  for (const [name, lifetime] of Object.entries(options.lifetimes)) {
    need(
      isLifetime(lifetime),
      `lifetimes.${name}: both timeouts must be positive, the idle one not above the absolute one, that one at most 400 days.`,
    );
  }
  const { touchIntervalMs } = options;
  need(
    typeof touchIntervalMs === 'number' && touchIntervalMs > 0 && touchIntervalMs <= shortestIdleMs / 10,
    'touchIntervalMs must be positive and at most a tenth of the shortest idle timeout.',
  );
  need(isWhole(options.maxSessions, 0), 'maxSessions must be a whole number, 0 for any.');
  need(
    ['evict-lru', 'evict-oldest', 'reject'].includes(options.limitPolicy),
    "limitPolicy: must be 'evict-lru', 'evict-oldest' or 'reject'.",
  );
  need(isWhole(options.maxSessionBytes, 1), 'maxSessionBytes must be positive.');
  const { cookie, carryOver } = options;
  need(
    !/^__(Host|Secure)-/.test(cookie.name) || cookie.secure,
    "cookie: a __Host- or __Secure- name needs secure: true; for plain http in development, { name: 'sid', secure: false }.",
  );
  need(cookie.sameSite !== 'none' || cookie.secure, "cookie: sameSite 'none' needs secure: true.");
  need(isTextList(carryOver), "carryOver: must be a list of keys, such as ['cart'].");
  const reserved = isTextList(carryOver) && carryOver.some((key) => RESERVED.includes(key));
  need(!reserved, 'carryOver: cookie and passport cannot be carried over.');
  need(isFilled(options.adminRole), 'adminRole: must be the name of a role.');
  const { observer, anonymousSessionLimiter: limiter, journal } = options;
  need(
    observer === undefined || hasMethods(observer, ['onSessionEvent']),
    'observer: pass a SessionObserver, or leave it out.',
  );
  need(
    limiter === undefined || hasMethods(limiter, ['admit']),
    'anonymousSessionLimiter: pass new RedisAnonymousSessionLimiter({ client }), one of your own, or leave it out.',
  );
  need(
    journal === undefined || hasMethods(journal, ['record', 'entries', 'nowMs']),
    'journal: pass a RevocationJournal, or leave it out.',
  );
  problems.push(...durabilityProblems(options.durability));
  if (options.takeover) problems.push(...takeoverProblems(options.takeover, cookie.name));
  return problems;
}

const RESERVED = ['cookie', 'passport', '__proto__'];

function secretProblems(name: string, keys: unknown): string[] {
  if (!Array.isArray(keys))
    return [`${name}: must be a list, such as [process.env.SECRET]; ${MAKE_A_SECRET}.`];
  if (keys.length === 0) return [`${name} needs at least one entry; ${MAKE_A_SECRET}.`];
  const problems: string[] = [];
  if (!keys.every(isLongEnough))
    problems.push(
      `${name}: every entry needs at least ${MIN_SECRET_LENGTH} characters; ${MAKE_A_SECRET}. Is the variable set?`,
    );
  if (keys.some((key) => isLongEnough(key) && isGuessable(key)))
    problems.push(`${name}: an entry can be guessed; ${MAKE_A_SECRET}.`);
  return problems;
}

const isLongEnough = (key: unknown): key is string =>
  typeof key === 'string' && key.length >= MIN_SECRET_LENGTH;

const isLifetime = ({ idleTimeoutMs, absoluteTimeoutMs }: Lifetime) =>
  [idleTimeoutMs, absoluteTimeoutMs].every((ms) => typeof ms === 'number') &&
  absoluteTimeoutMs <= LONGEST_LIFETIME_MS &&
  idleTimeoutMs > 0 &&
  idleTimeoutMs <= absoluteTimeoutMs;
