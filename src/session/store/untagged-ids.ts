import { addressOf, type SessionAddress } from '../token/session-id.js';
import { wholeMs } from './redis-access.js';
import type { SessionEngine } from './session-engine.js';
import type { SessionState } from './session-state.js';

/**
 * Users' sessions under ids without a tag, which a host makes itself (option `untaggedIds: 'index'`).
 *
 * The record lies where every session of its user lies, so index, generation, limit and merges hold as ever. The id
 * leads there by a pointer: the user's tag, under the id's own digest. Record and pointer have different hash tags, so
 * no script can write both: the record is made and indexed first, the pointer last. A crash in between leaves a listed
 * session that nobody can use, until its idle timeout; never a usable one that is not listed.
 *
 * Commands beside those of SessionRepository: MGET record pointer before a read, SET after a creation, GET, UNLINK and
 * one more EVALSHA around a destroy.
 */
export class UntaggedIds {
  constructor(private readonly engine: SessionEngine) {}

  /** Where a session of this user lies under an untagged id. */
  addressOf(at: SessionAddress, userId: string): SessionAddress {
    return { tag: this.engine.ring.current(userId), digest: at.digest, ofUser: true };
  }

  /** Loads the live session of any token: one command for an anonymous or a tagged one, two for the others. */
  async load(token: string): Promise<SessionState | null> {
    const at = addressOf(token);
    if (at.ofUser) return this.engine.load(token);
    const { redis } = this.engine;
    const [raw, tag] = await redis.read('load', redis.keys.session(at.tag, at.digest), this.pointer(at));
    if (tag) return this.engine.load(token, { tag, digest: at.digest, ofUser: true });
    return raw ? this.engine.interpret(token, at, raw, 0, null) : null;
  }

  /** Makes the id lead to the record of its user from now on. */
  async point(at: SessionAddress, tag: string): Promise<void> {
    const { client } = this.engine.redis;
    const lifeMs = wholeMs(this.engine.policy.longestAbsoluteMs);
    await this.engine.redis.ask('create', client.set(this.pointer(at), tag, 'PX', lifeMs));
  }

  /** Ends the session of any token. @returns whether it was live until now */
  async destroy(token: string): Promise<boolean> {
    const at = addressOf(token);
    const { redis, repository } = this.engine;
    const tag = at.ofUser ? null : await redis.ask('destroy', redis.client.get(this.pointer(at)));
    if (!tag) return repository.destroy(at);
    const ended = await repository.destroy({ tag, digest: at.digest, ofUser: true });
    await redis.ask('destroy', redis.client.unlink(this.pointer(at)));
    // What is left of the anonymous session that it was before a login, if it was one.
    await repository.destroy(at);
    return ended;
  }

  private pointer(at: SessionAddress): string {
    return this.engine.redis.keys.pointer(at.tag, at.digest);
  }
}
