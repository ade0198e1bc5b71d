import type { RedisAccess } from '../store/redis-access.js';
import type { TagRing } from './tag-ring.js';

/**
 * Refuses index keys that Redis has never seen while it holds sessions under others: every user would silently lose
 * his sessions and, worse, a revoke-all would not find them. Keys that are accepted are noted.
 * @throws TypeError naming what to do
 * @throws SessionStoreUnavailableError when Redis does not answer: nothing is known then
 */
export async function guardIndexKeys(redis: RedisAccess, ring: TagRing): Promise<void> {
  const known = await redis.ask(
    'ring',
    redis.client.lkGuardRing(redis.keys.ring(), redis.generationTtlMs, ...ring.fingerprint()),
  );
  if (known === 1) return;
  throw new TypeError(
    'The index keys are not those that the sessions in this Redis were made with. Put the old key behind the new one ' +
      'in SESSION_INDEX_KEYS (indexKeys) until the longest absolute timeout has passed, or, to give all those sessions ' +
      `up, delete the keys under this prefix, ${redis.keys.ring()} among them.`,
  );
}

/**
 * Whether every program that has started lately knows no index key but those of this ring. If not, a session whose tag
 * this ring cannot explain may well be one that another node made under a newer key.
 * @throws SessionStoreUnavailableError
 */
export async function knowsEveryRing(redis: RedisAccess, ring: TagRing): Promise<boolean> {
  const noted = await redis.ask('ring', redis.client.get(redis.keys.ring()));
  if (noted === null) return false;
  const [, history = ''] = noted.split(';');
  const mine = ring.fingerprint();
  return history !== '' && history.split(',').every((seen) => mine.includes(seen.split(':')[0] as string));
}
