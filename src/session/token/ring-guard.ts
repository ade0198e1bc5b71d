import type { RedisAccess } from '../store/redis-access.js';
import { SessionStoreUnavailableError } from '../session.errors.js';
import type { TagRing } from './tag-ring.js';

/**
 * Refuses to start with index keys that Redis has never seen while it holds sessions under others: every user would
 * silently lose his sessions and, worse, a revoke-all would not find them.
 * A Redis that does not answer is no reason to refuse; it is asked again at the next start.
 * @throws TypeError naming what to do
 */
export async function guardIndexKeys(redis: RedisAccess, ring: TagRing): Promise<void> {
  const fingerprints = ring.fingerprint();
  let known: string | null;
  try {
    known = await redis.ask('ring', redis.client.get(redis.keys.ring()));
    if (known === fingerprints.join()) return;
    if (known === null || known.split(',').some((fingerprint) => fingerprints.includes(fingerprint))) {
      await redis.ask('ring', redis.client.set(redis.keys.ring(), fingerprints.join()));
      return;
    }
  } catch (error) {
    if (error instanceof SessionStoreUnavailableError) return;
    throw error;
  }
  throw new TypeError(
    'The index keys are not those that the sessions in this Redis were made with. Put the old key behind the new one ' +
      'in SESSION_INDEX_KEYS (indexKeys) until the longest absolute timeout has passed, or, to give all those sessions ' +
      `up, delete the keys under this prefix, ${redis.keys.ring()} among them.`,
  );
}
