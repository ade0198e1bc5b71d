import { newSessionToken } from '../token/session-id.js';
import { TagRing } from '../token/tag-ring.js';
import { problemOfIndexKeys } from './redis-session.store.checks.js';

// The rings of the stores in this process, by fingerprint; nearly always there is one.
const rings = new Map<string, TagRing>();

/** @internal Makes a store's index keys known to `createSessionId`. */
export function rememberRing(ring: TagRing): void {
  rings.set(ring.fingerprint().join(), ring);
}

/**
 * Makes a session id, for express-session's `genid`: `genid: (req) => createSessionId(req.user?.id)`. With a user the
 * id carries the user's tag, and only such an id can hold a session of that user; without, the session is anonymous.
 * express-session calls `genid` inside `req.session.regenerate()`, so a login sets `req.user` first and regenerates.
 *
 * @param userId what the store's `userId` option will find in the session
 * @param options.indexKeys the store's; not needed while all stores of the process have the same
 * @returns 32 characters from 192 random bits, behind 17 of the tag when there is a user
 * @throws TypeError when there is a user and the index keys are missing or ambiguous
 */
export function createSessionId(
  userId?: string | null,
  options: { indexKeys?: readonly string[] } = {},
): string {
  if (userId === undefined || userId === null) return newSessionToken();
  return newSessionToken(ringOf(options.indexKeys).current(userId));
}

function ringOf(indexKeys: readonly string[] | undefined): TagRing {
  if (indexKeys !== undefined) {
    const problem = problemOfIndexKeys(indexKeys);
    if (problem) throw new TypeError(`createSessionId: ${problem}`);
    return new TagRing(indexKeys);
  }
  const [ring, ...others] = rings.values();
  if (ring && others.length === 0) return ring;
  throw new TypeError(
    ring
      ? 'createSessionId: the stores in this process have different index keys. Use createSessionId of the store, or pass its indexKeys.'
      : 'createSessionId: there is no store with index keys yet. Make the RedisSessionStore first, or pass its indexKeys.',
  );
}
