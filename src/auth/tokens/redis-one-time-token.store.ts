import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';
import { InvalidOptionsError, problemOfClient, unknownOptions } from '../../options/index.js';
import { Breaker } from '../../session/index.js';
import { type OneTimeTokenRecord, OneTimeTokenStore } from '../one-time-token-store.js';

/** Where the tokens are kept. */
export interface RedisOneTimeTokenStoreOptions {
  /** A connected ioredis client; it stays the host's to close. */
  client: Redis | Cluster;
  /** What every Redis key begins with. @default 'lk:' */
  prefix?: string;
}

// Read at import: a script that is missing from the package fails at start, not at the first confirmation.
const TAKE = readFileSync(new URL('./lua/take-token.lua', import.meta.url), 'utf8');
const DIGEST_LENGTH = 43;

type TokenClient = (Redis | Cluster) & {
  lkTakeToken(slotKey: string, digest: string): Promise<string | null>;
};

/**
 * Keeps one-time tokens in Redis, for hosts without a table for them: one string `<prefix>token:<slot>` each, the
 * digest and then the payload, gone when the token expires. Losing them, as a Redis without persistence does, only
 * means that people ask for new mails.
 *
 * `SET`, `GET`, and one script to take a token. @throws SessionStoreUnavailableError when Redis does not answer
 */
export class RedisOneTimeTokenStore extends OneTimeTokenStore {
  private readonly tokens: TokenClient;
  private readonly breaker: Breaker;
  private readonly prefix: string;

  /** @throws InvalidOptionsError */
  constructor(options: RedisOneTimeTokenStoreOptions) {
    super();
    const { client, prefix = 'lk:' } = options;
    const problem = problemOfClient(client);
    InvalidOptionsError.throwFor('RedisOneTimeTokenStore cannot be made', [
      ...unknownOptions(options, { client: true, prefix: true }),
      ...(problem === undefined ? [] : [problem]),
    ]);
    client.defineCommand('lkTakeToken', { numberOfKeys: 1, lua: TAKE });
    this.tokens = client as TokenClient;
    this.breaker = Breaker.of(client);
    this.prefix = `${prefix}token:`;
  }

  async put({ slot, digest, payload }: OneTimeTokenRecord, lifetimeMs: number): Promise<void> {
    await this.breaker.answered(this.client.set(this.prefix + slot, digest + payload, 'PX', lifetimeMs));
  }

  async find(slot: string, digest: string): Promise<string | null> {
    const stored = await this.breaker.answered(this.client.get(this.prefix + slot));
    return stored?.startsWith(digest) === true ? stored.slice(DIGEST_LENGTH) : null;
  }

  async take(slot: string, digest: string): Promise<string | null> {
    return this.breaker.answered(this.client.lkTakeToken(this.prefix + slot, digest));
  }

  // Throws at once while Redis is known not to answer.
  private get client(): TokenClient {
    this.breaker.admit();
    return this.tokens;
  }
}
