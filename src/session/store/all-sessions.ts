import { SessionStoreUnavailableError } from '../session.errors.js';
import type { SessionAddress } from '../token/session-id.js';
import { scanKeys } from './scan.js';
import type { SessionEngine } from './session-engine.js';
import { decodeRecord, generationOf, HEADER_LENGTH } from './session-record.js';
import { noText } from './session.repository.js';
import type { SessionState } from './session-state.js';

/**
 * What an express-session Store must be able to say about all sessions at once. Linear in all sessions: for tools.
 * Commands: SCAN; and for every record it finds, the commands of a load (live), GETRANGE and GET (digests), or EVALSHA
 * (destroyAll), those of one chunk of SCAN at a time.
 */
export class AllSessions {
  constructor(private readonly engine: SessionEngine) {}

  /** The state of every live session. */
  async live(): Promise<SessionState[]> {
    await this.engine.ready();
    return this.each((at) => this.engine.load('', at));
  }

  /** The digest of every live session. Reads headers only, and takes a record that is corrupt behind its header for one. */
  async digests(): Promise<string[]> {
    await this.engine.ready();
    return this.each(async (at) => ((await this.isLive(at)) ? at.digest : null));
  }

  /** Ends every session under the prefix. */
  async destroyAll(): Promise<void> {
    await this.engine.ready();
    await this.each((at) => this.engine.repository.destroy(at));
  }

  private async isLive({ tag, digest, ofUser }: SessionAddress): Promise<boolean> {
    const { client, keys, clock } = this.engine.redis;
    const [raw, generation] = await this.engine.redis.ask(
      'list',
      Promise.all([
        client.getrange(keys.session(tag, digest), 0, HEADER_LENGTH).catch(noText),
        ofUser ? client.get(keys.generation(tag)) : null,
      ]),
    );
    const record = decodeRecord(raw);
    if (typeof record === 'string') return false;
    return (
      record.header.generation >= generationOf(generation) && record.header.absoluteExpiryMs > clock.now()
    );
  }

  /** What `look` finds at every record; nothing for null. */
  private async each<T>(look: (at: SessionAddress) => Promise<T | null>): Promise<T[]> {
    const { keys } = this.engine.redis;
    const seen = new Set<string>();
    const found: T[] = [];
    for await (const chunk of this.scan(keys.allSessions)) {
      // SCAN may show a key twice.
      const fresh = chunk.filter((key) => !seen.has(key));
      for (const key of fresh) seen.add(key);
      const addresses = fresh.map((key) => keys.parseSession(key)).filter((at) => at !== undefined);
      for (const one of await Promise.all(addresses.map(look))) if (one !== null) found.push(one);
    }
    return found;
  }

  private async *scan(pattern: string): AsyncGenerator<string[]> {
    try {
      yield* scanKeys(this.engine.options.client, pattern);
    } catch (cause) {
      throw new SessionStoreUnavailableError({ cause });
    }
  }
}
