import type { SessionEngine } from '../store/session-engine.js';

// Under a millisecond of Redis, for a user with thousands of sessions too.
const SESSIONS_AT_ONCE = 100;

/** What one command ends: sessions of one user, found among the records or in the index, or an anonymous one. */
type Target = { tag: string; digests: string[] } | { anonymous: string };

/**
 * Ends the sessions that a scan has found, all of a user's in steps of a hundred: one script in his slot, so that no
 * rotation can carry a session past it.
 *
 * Commands: per user EVALSHA, to count and to end; per anonymous session GETRANGE to count and UNLINK to end.
 */
export class SessionEnder {
  constructor(private readonly engine: SessionEngine) {}

  /** How many live sessions `end` would end with these keys. @param keep key of the one record that stays */
  async count(found: string[], keep: string): Promise<number> {
    const counts = this.targetsOf(found, keep).map(async (target) => {
      if ('anonymous' in target) return (await this.isLive(target.anonymous)) ? 1 : 0;
      return (await this.ofUser(target.tag, target.digests, keep, false)).live;
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** @returns keys of the indexes that hold more than could be ended at once */
  async end(found: string[], keep: string): Promise<string[]> {
    const { keys } = this.engine.redis;
    const ended = this.targetsOf(found, keep).map(async (target) => {
      if ('anonymous' in target) await this.ask(this.engine.redis.client.unlink(target.anonymous));
      else if ((await this.ofUser(target.tag, target.digests, keep, true)).left > 0)
        return [keys.index(target.tag)];
      return [];
    });
    return (await Promise.all(ended)).flat();
  }

  private targetsOf(found: string[], keep: string): Target[] {
    const { keys } = this.engine.redis;
    const anonymous: Target[] = [];
    const users = new Map<string, string[]>();
    // SCAN may show a key twice.
    for (const key of new Set(found)) {
      const session = keys.parseSession(key);
      const tag = session?.ofUser ? session.tag : keys.parseIndex(key);
      if (tag !== undefined)
        users.set(tag, [...(users.get(tag) ?? []), ...(session ? [session.digest] : [])]);
      else if (session && key !== keep) anonymous.push({ anonymous: key });
    }
    return [...[...users].map(([tag, digests]) => ({ tag, digests })), ...anonymous];
  }

  private async ofUser(
    tag: string,
    digests: string[],
    keep: string,
    ending: boolean,
  ): Promise<{ live: number; left: number }> {
    const { client, keys } = this.engine.redis;
    const kept = keys.parseSession(keep);
    const [live, left] = (await this.ask(
      client.lkEndUserSessions(
        keys.index(tag),
        keys.generation(tag),
        keys.sessions(tag),
        kept?.tag === tag ? kept.digest : '',
        SESSIONS_AT_ONCE,
        ending ? '1' : '0',
        ...digests,
      ),
    )) as [number, number];
    return { live, left };
  }

  private async isLive(key: string): Promise<boolean> {
    const first = this.engine.redis.client.getrange(key, 0, 0).catch((error: Error) => {
      // No session, but a key of ours that has to go.
      if (error.message.startsWith('WRONGTYPE')) return '';
      throw error;
    });
    const format = await this.ask(first);
    // 'M': a login has taken it over.
    return format !== '' && format !== 'M';
  }

  private ask<T>(reply: Promise<T>): Promise<T> {
    return this.engine.redis.ask('revoke-everyone', reply);
  }
}
