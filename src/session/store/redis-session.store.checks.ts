import { InvalidOptionsError, problemOfClient, unknownOptions } from '../../options/index.js';
import { isGuessable, MAKE_A_SECRET } from '../token/secret-strength.js';
import type { RedisSessionStoreOptions } from './redis-session.store.options.js';

const MIN_SECRET_LENGTH = 32;
// The compiler sees to it that none is forgotten. The last three are connect-redis's.
const KNOWN: Record<keyof RedisSessionStoreOptions | 'disableTTL' | 'disableTouch' | 'scanCount', true> = {
  absoluteTimeoutMs: true,
  client: true,
  idleTimeoutMs: true,
  indexKeys: true,
  limitPolicy: true,
  maxSessionBytes: true,
  maxSessions: true,
  observer: true,
  prefix: true,
  serializer: true,
  touchIntervalMs: true,
  ttl: true,
  untaggedIds: true,
  userId: true,
  disableTTL: true,
  disableTouch: true,
  scanCount: true,
};

/**
 * Checks what a host passed. Reports every problem at once, by name, never by value.
 * @throws InvalidOptionsError
 */
export function checkStoreOptions(options: RedisSessionStoreOptions): void {
  InvalidOptionsError.throwFor('RedisSessionStore cannot be made', problemsOf(options));
}

/** What is wrong with index keys; undefined when nothing is. */
export function problemOfIndexKeys(keys: unknown): string | undefined {
  const isRing = Array.isArray(keys) && keys.length > 0 && keys.every((key) => typeof key === 'string');
  if (!isRing || !keys.every((key: string) => key.length >= MIN_SECRET_LENGTH))
    return `indexKeys must be an array of at least one secret, each of ${MIN_SECRET_LENGTH} characters or more.`;
  return keys.some(isGuessable) ? `indexKeys: an entry can be guessed; ${MAKE_A_SECRET}.` : undefined;
}

function problemsOf(options: Partial<RedisSessionStoreOptions> = {}): string[] {
  const { client, prefix, ttl, serializer, indexKeys, userId } = options;
  const { idleTimeoutMs, absoluteTimeoutMs, touchIntervalMs, maxSessions, maxSessionBytes } = options;
  const problems: string[] = [];
  const say = (problem: string | undefined) => problem && problems.push(problem);
  const need = (holds: boolean, problem: string) => holds || problems.push(problem);
  const unless = (value: unknown, holds: boolean, problem: string) =>
    need(value === undefined || holds, problem);

  problems.push(...unknownOptions(options, KNOWN));
  say(problemOfClient(client));
  unless(prefix, typeof prefix === 'string', 'prefix must be a string.');
  unless(
    ttl,
    typeof ttl === 'function' || isPositive(ttl),
    'ttl must be a positive number of seconds, or a function that returns one.',
  );
  unless(
    serializer,
    isSerializer(serializer),
    'serializer must parse what it stringified to a string, and neither may return a promise.',
  );
  unless(
    userId,
    typeof userId === 'function',
    'userId must be a function that returns the id of a session’s user, or undefined.',
  );
  if (indexKeys !== undefined) say(problemOfIndexKeys(indexKeys));
  need(
    userId === undefined || indexKeys !== undefined,
    'userId needs indexKeys: they make the index of a user’s sessions.',
  );

  unless(
    idleTimeoutMs,
    isPositive(idleTimeoutMs),
    'idleTimeoutMs must be a positive number of milliseconds.',
  );
  unless(
    absoluteTimeoutMs,
    isPositive(absoluteTimeoutMs),
    'absoluteTimeoutMs must be a positive number of milliseconds.',
  );
  need(
    !isPositive(idleTimeoutMs) || !isPositive(absoluteTimeoutMs) || idleTimeoutMs <= absoluteTimeoutMs,
    'idleTimeoutMs must not be above absoluteTimeoutMs.',
  );
  unless(
    touchIntervalMs,
    touchIntervalMs === 0 || isPositive(touchIntervalMs),
    'touchIntervalMs must be a number of milliseconds, 0 for every request.',
  );
  unless(maxSessions, isWhole(maxSessions), 'maxSessions must be a whole number, 0 for any number.');
  unless(
    options.limitPolicy,
    ['evict-lru', 'evict-oldest', 'reject'].includes(options.limitPolicy as string),
    "limitPolicy must be 'evict-lru', 'evict-oldest' or 'reject'.",
  );
  unless(maxSessionBytes, isPositive(maxSessionBytes), 'maxSessionBytes must be a positive number.');
  unless(
    options.untaggedIds,
    ['refuse', 'index'].includes(options.untaggedIds as string),
    "untaggedIds must be 'refuse' or 'index'.",
  );
  need(
    options.untaggedIds !== 'index' || userId !== undefined,
    "untaggedIds: 'index' needs userId, or there is nobody to index for.",
  );
  unless(
    options.observer,
    typeof options.observer?.onSessionEvent === 'function',
    'observer must be a SessionObserver.',
  );

  const { disableTTL, disableTouch } = options as { disableTTL?: boolean; disableTouch?: boolean };
  need(
    !disableTTL,
    'disableTTL of connect-redis is not supported: every session ends. Set absoluteTimeoutMs.',
  );
  need(
    !disableTouch,
    'disableTouch of connect-redis is not supported. For sessions that use does not prolong, set absoluteTimeoutMs to their lifetime.',
  );
  return problems;
}

const isPositive = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value > 0;
const isWhole = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;

// A serializer that answers with a promise, or with bytes, would lose every session without a word.
function isSerializer(serializer: RedisSessionStoreOptions['serializer']): boolean {
  try {
    const text: unknown = serializer?.stringify({ cookie: { originalMaxAge: null } });
    const parsed = typeof text === 'string' ? serializer?.parse(text) : undefined;
    return typeof parsed === 'object' && parsed !== null && 'cookie' in parsed;
  } catch {
    return false;
  }
}
