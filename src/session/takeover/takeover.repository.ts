import type { RedisAccess } from '../store/redis-access.js';
import { wholeMs } from '../store/redis-access.js';
import { addressOf, type SessionAddress } from '../token/session-id.js';

/**
 * Every Redis call about what was taken over, beside the one that creates the session. One round trip each:
 *
 *   tag of      GET trace
 *   note        SET trace
 *   past        MGET marker generation
 *
 * The trace of an old session lies where its successor would lie without a user, and says which user's tag the
 * successor has. For an anonymous session it is the marker that the create script sets.
 *
 * @throws SessionStoreUnavailableError from every method when Redis does not answer or refuses
 */
export class TakeoverRepository {
  constructor(private readonly redis: RedisAccess) {}

  /** The tag of the session that an old one went on as, '' for an anonymous one; null when it was not taken over. */
  async tagOf(successor: string): Promise<string | null> {
    const [tag] = await this.redis.read('takeover', this.traceOf(successor));
    return tag ?? null;
  }

  /** Remembers it for whoever still comes with the old cookie. */
  async note(successor: string, tag: string, ttlMs: number): Promise<void> {
    await this.redis.ask(
      'takeover',
      this.redis.client.set(this.traceOf(successor), tag, 'PX', wholeMs(ttlMs)),
    );
  }

  /** Whether this session was made of an old one before, and whether its user's sessions were all revoked. */
  async past({ tag, digest }: SessionAddress): Promise<{ taken: boolean; revoked: boolean }> {
    const { keys } = this.redis;
    const [marker, generation] = await this.redis.read(
      'takeover',
      keys.takenOver(tag, digest),
      keys.generation(tag),
    );
    return { taken: typeof marker === 'string', revoked: typeof generation === 'string' };
  }

  private traceOf(successor: string): string {
    const { tag, digest } = addressOf(successor);
    return this.redis.keys.takenOver(tag, digest);
  }
}
