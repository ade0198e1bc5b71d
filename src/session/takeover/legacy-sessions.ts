import type { IncomingMessage } from 'node:http';
import { RedisStore } from 'connect-redis';
import type { RedisAccess } from '../store/redis-access.js';
import type { Serializer } from '../store/session-codec.js';
import { tokenInCookie } from '../token/signed-cookie.js';
import type { LegacySession, ResolvedTakeoverOptions } from './takeover.options.js';

/**
 * The sessions of the other system, read and deleted through connect-redis itself. Nothing is ever written there.
 * @throws SessionStoreUnavailableError when Redis does not answer
 */
export class LegacySessions {
  private readonly store: RedisStore;

  constructor(
    private readonly redis: RedisAccess,
    private readonly options: Pick<
      ResolvedTakeoverOptions,
      'client' | 'cookieName' | 'prefix' | 'secrets' | 'serializer'
    >,
  ) {
    const { client = redis.ungated, prefix, serializer } = options;
    this.store = new RedisStore({ client, prefix, serializer: forgiving(serializer) });
  }

  /** The session id in a request's old cookie, if its signature holds. No command. */
  idOf(req: IncomingMessage): string | undefined {
    return tokenInCookie(req.headers.cookie, this.options.cookieName, this.options.secrets);
  }

  /** Null when there is none, or one that cannot be read. */
  async find(id: string): Promise<LegacySession | null> {
    const session: unknown = await this.redis.ask('takeover', this.store.get(id));
    return typeof session === 'object' && session !== null && !Array.isArray(session)
      ? (session as LegacySession)
      : null;
  }

  async delete(id: string): Promise<void> {
    await this.redis.ask('takeover', this.store.destroy(id));
  }
}

/** A record that cannot be read is no session; to connect-redis it would look like an outage. */
function forgiving(serializer: Serializer) {
  return {
    parse: (text: string) => {
      try {
        return serializer.parse(text) as never;
      } catch {
        return null as never;
      }
    },
    stringify: (session: unknown) => serializer.stringify(session),
  };
}
