import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import {
  RedisOneTimeTokenStore,
  type OneTimeTokenRecord,
  type OneTimeTokenStore,
} from '../src/auth/index.js';
import { OneTimeTokens } from '../src/auth/tokens/one-time-tokens.js';
import type { Database } from '../src/database/index.js';
import { SessionStoreUnavailableError } from '../src/session/index.js';
import { ExpiredTokens } from '../src/users/expired-tokens.js';
import { OneTimeTokensRepository } from '../src/users/index.js';
import { onEachDatabase } from './support/databases.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const HOUR_MS = 3_600_000;

const wanted = (email: string) => ({ email, displayName: null, passwordHash: `hash of ${email}` });

/** Waits until a store has forgotten a token, as its own clock will make it. */
async function forgotten(find: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + 10_000;
  while ((await find()) !== null) {
    if (Date.now() > deadline) throw new Error('the token does not expire');
    await new Promise(setImmediate);
  }
}

/** What holds of every store: `storeOf(n)` is the n-th node's. */
function itKeepsTokens(storeOf: (node: number) => OneTimeTokenStore): void {
  const tokensOf = (node = 0) => new OneTimeTokens(storeOf(node));

  it('gives a token back until it is taken, and never again', async () => {
    const token = await tokensOf().issue('registration', wanted('ann@example.org'), HOUR_MS);
    expect(await tokensOf(1).find('registration', token)).toEqual(wanted('ann@example.org'));
    expect(await tokensOf(1).take('registration', token)).toEqual(wanted('ann@example.org'));
    expect(await tokensOf().take('registration', token)).toBeNull();
    expect(await tokensOf().find('registration', token)).toBeNull();
  });

  it('gives a token to exactly one of many that take it at once, on several nodes', async () => {
    const token = await tokensOf().issue('registration', wanted('ann@example.org'), HOUR_MS);
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, i) => tokensOf(i % 2).take('registration', token)),
    );
    expect(taken.filter((payload) => payload !== null)).toEqual([wanted('ann@example.org')]);
  });

  it('keeps one password reset for an e-mail: the last', async () => {
    const resetOf = (email: string, userId: string) => ({ email, userId, hashDigest: 'digest' });
    const first = await tokensOf().issue('password-reset', resetOf('ann@example.org', 'one'), HOUR_MS);
    const last = await tokensOf(1).issue('password-reset', resetOf('ann@example.org', 'two'), HOUR_MS);
    const other = await tokensOf().issue('password-reset', resetOf('bob@example.org', 'bob'), HOUR_MS);
    expect(await tokensOf().take('password-reset', first)).toBeNull();
    expect(await tokensOf().take('password-reset', last)).toMatchObject({ userId: 'two' });
    expect(await tokensOf().take('password-reset', other)).not.toBeNull();
  });

  it('keeps the registrations of an e-mail beside each other: one may be a stranger’s', async () => {
    const first = await tokensOf().issue('registration', wanted('ann@example.org'), HOUR_MS);
    const last = await tokensOf(1).issue('registration', wanted('ann@example.org'), HOUR_MS);
    expect(await tokensOf().take('registration', first)).toEqual(wanted('ann@example.org'));
    expect(await tokensOf().take('registration', last)).not.toBeNull();
  });

  it('takes a token for its own purpose only', async () => {
    const token = await tokensOf().issue('registration', wanted('ann@example.org'), HOUR_MS);
    expect(await tokensOf().take('password-reset', token)).toBeNull();
    expect(await tokensOf().take('registration', token)).not.toBeNull();
  });

  it('lets a wrong token neither in nor break the right one', async () => {
    const token = await tokensOf().issue('registration', wanted('ann@example.org'), HOUR_MS);
    const wrong = `${token.slice(0, -1)}${token.endsWith('A') ? 'B' : 'A'}`;
    for (const text of [wrong, '', 'x', `${token}A`, token.replace('.', ''), '%', `${'A'.repeat(22)}.\0`]) {
      expect(await tokensOf().take('registration', text)).toBeNull();
      expect(await tokensOf().find('registration', text)).toBeNull();
    }
    expect(await tokensOf().take('registration', token)).not.toBeNull();
  });

  it('forgets a token when its time is over', async () => {
    const token = await tokensOf().issue('registration', wanted('ann@example.org'), 1);
    await forgotten(() => tokensOf().find('registration', token));
    expect(await tokensOf().take('registration', token)).toBeNull();
  });

  it('never sees the token', async () => {
    const store = storeOf(0);
    const put = jest.spyOn(store, 'put');
    const token = await new OneTimeTokens(store).issue('registration', wanted('ann@example.org'), HOUR_MS);
    expect(token).toMatch(/^[\w-]{22}\.[\w-]{32}$/);
    const [record] = put.mock.calls[0] as [OneTimeTokenRecord, number];
    expect(JSON.stringify(record)).not.toContain(token.split('.')[1]);
    expect(record.digest).toMatch(/^[\w-]{43}$/);
  });
}

onEachDatabase('one-time tokens', (databases) => {
  let nodes: Database[];
  beforeEach(async () => {
    nodes = [databases.open(), databases.open()];
    await nodes[0]?.migrate();
  });

  itKeepsTokens((node) => new OneTimeTokensRepository(nodes[node] as Database));

  it('are deleted when they have expired, and no other', async () => {
    const repository = new OneTimeTokensRepository(nodes[0] as Database);
    const tokens = new OneTimeTokens(repository);
    const expired = await Promise.all(
      [1, 2, 3].map((i) => tokens.issue('registration', wanted(`gone${i}@example.org`), 1)),
    );
    const living = await tokens.issue('registration', wanted('ann@example.org'), HOUR_MS);
    for (const token of expired) await forgotten(() => tokens.find('registration', token));
    expect(await new ExpiredTokens(repository).delete()).toBe(3);
    const rows = await nodes[0]?.kysely.selectFrom('one_time_tokens').select('payload').execute();
    expect(rows).toEqual([{ payload: JSON.stringify(wanted('ann@example.org')) }]);
    expect(await tokens.take('registration', living)).not.toBeNull();
  });
});

describe('one-time tokens, on Redis', () => {
  let redis: TestRedis;
  let clients: Redis[];
  beforeAll(async () => {
    redis = await startRedis();
    clients = [redis.client(), redis.client()];
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await clients[0]?.flushall();
  });

  itKeepsTokens((node) => new RedisOneTimeTokenStore({ client: clients[node] as Redis }));

  it('expire by themselves', async () => {
    const store = new RedisOneTimeTokenStore({ client: clients[0] as Redis, prefix: 'host:' });
    await new OneTimeTokens(store).issue('registration', wanted('ann@example.org'), HOUR_MS);
    const keys = (await clients[0]?.keys('*')) ?? [];
    expect(keys).toEqual([expect.stringMatching(/^host:token:registration:[\w-]{22}$/)]);
    expect(await clients[0]?.pttl(keys[0] ?? '')).toBeGreaterThan(HOUR_MS - 10_000);
  });

  it('are unknown, not absent, while Redis is away', async () => {
    const client = redis.client({ lazyConnect: true, enableOfflineQueue: false, retryStrategy: () => null });
    const tokens = new OneTimeTokens(new RedisOneTimeTokenStore({ client }));
    const token = `${'A'.repeat(22)}.${'A'.repeat(32)}`;
    for (const reply of [
      tokens.issue('registration', wanted('ann@example.org'), HOUR_MS),
      tokens.find('registration', token),
      tokens.take('registration', token),
    ])
      await expect(reply).rejects.toBeInstanceOf(SessionStoreUnavailableError);
  });
});
