import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionEndedError, SessionTooLargeError } from '../src/session/index.js';
import { addressOf, newSessionToken } from '../src/session/token/session-id.js';
import { TagRing } from '../src/session/token/tag-ring.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { keysBesideRing } from './support/stored-sessions.js';

const INDEX_KEY = 'index-key-of-the-engine-specification';
const ring = new TagRing([INDEX_KEY]);

describe('the session store by itself', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());

  const storeWith = (options: Partial<ConstructorParameters<typeof RedisSessionStore>[0]> = {}) =>
    new RedisSessionStore({
      client,
      indexKeys: [INDEX_KEY],
      userId: (session) => (session as { userId?: string }).userId,
      idleTimeoutMs: 60_000,
      absoluteTimeoutMs: 600_000,
      touchIntervalMs: 1_000,
      ...options,
    });

  const cookie = () => ({ originalMaxAge: null, httpOnly: true, path: '/' });
  const newSession = (data: Record<string, unknown> = {}) => ({ cookie: cookie(), ...data }) as never;
  const userToken = (userId: string) => newSessionToken(ring.current(userId));
  const recordKey = (token: string) => {
    const at = addressOf(token);
    return `lk:sess:{${at.tag}}:${at.digest}`;
  };

  it('keeps a session under the digest of its id, in the index of its user, with an expiry', async () => {
    const store = storeWith();
    const token = userToken('ada');
    await store.set(token, newSession({ userId: 'ada', cart: ['tea'] }));

    expect(await store.get(token)).toMatchObject({
      userId: 'ada',
      cart: ['tea'],
    });
    const at = addressOf(token);
    const keys = await keysBesideRing(client);
    expect(keys.sort()).toEqual([`lk:idx:{${at.tag}}`, recordKey(token)].sort());
    expect((await client.dump(recordKey(token)))?.includes(token)).toBe(false);
    const ttl = await client.pttl(recordKey(token));
    expect(ttl).toBeGreaterThan(59_000);
    expect(ttl).toBeLessThanOrEqual(60_000);
    const score = Number(await client.zscore(`lk:idx:{${at.tag}}`, at.digest));
    expect(Math.abs(score - (await client.pexpiretime(recordKey(token))))).toBeLessThanOrEqual(6);
    expect(await client.pttl(`lk:idx:{${at.tag}}`)).toBeGreaterThan(590_000);
  });

  it('never lets the life of a record pass the absolute timeout', async () => {
    const store = storeWith({
      idleTimeoutMs: 10_000,
      absoluteTimeoutMs: 10_500,
      touchIntervalMs: 1,
    });
    const token = userToken('ada');
    await store.set(token, newSession({ userId: 'ada' }));
    const created = Number(await client.getrange(recordKey(token), 27, 39));
    // As if it had been made ten seconds ago: half a second of its absolute lifetime is left.
    await client.setrange(recordKey(token), 14, String(created + 500).padStart(13, '0'));
    const loaded = await store.get(token);
    await client.setrange(recordKey(token), 1, String(created - 1_000).padStart(13, '0'));
    await store.touch(token, {} as never);
    expect(await client.pttl(recordKey(token))).toBeLessThanOrEqual(500);
    loaded.more = true;
    await store.set(token, loaded);
    expect(await client.pttl(recordKey(token))).toBeLessThanOrEqual(500);
  });

  it('does not revive a session that was destroyed while a request worked with it', async () => {
    const store = storeWith();
    const token = userToken('ada');
    await store.set(token, newSession({ userId: 'ada' }));
    const inFlight = await store.get(token);
    await store.destroy(token);
    inFlight.changed = true;
    await expect(store.set(token, inFlight)).rejects.toThrow(SessionEndedError);
    await store.touch(token, inFlight);
    expect(await store.get(token)).toBeNull();
    expect(await client.exists(recordKey(token))).toBe(0);
    expect(await client.zcard(`lk:idx:{${ring.current('ada')}}`)).toBe(0);
  });

  it('ends every session of a user at once, saves and touches in flight included', async () => {
    const store = storeWith();
    const tokens = [userToken('ada'), userToken('ada'), userToken('ada')];
    for (const token of tokens) await store.set(token, newSession({ userId: 'ada' }));
    const inFlight = await store.get(tokens[0] as string);
    expect(await store.engine.users.revokeAll(ring.current('ada'))).toEqual({ revoked: 3 });
    inFlight.changed = true;
    await expect(store.set(tokens[0] as string, inFlight)).rejects.toThrow(SessionEndedError);
    for (const token of tokens) expect(await store.get(token)).toBeNull();
    expect(await client.pttl(`lk:gen:{${ring.current('ada')}}`)).toBeGreaterThan(600_000);
  });

  it('refuses a record of an older generation even where it still lies in Redis', async () => {
    const store = storeWith();
    const token = userToken('ada');
    await store.set(token, newSession({ userId: 'ada' }));
    const record = (await client.get(recordKey(token))) as string;
    await store.engine.users.revokeAll(ring.current('ada'));
    await client.set(recordKey(token), record, 'PX', 60_000);
    expect(await store.get(token)).toBeNull();
  });

  it('keeps what concurrent requests changed in different places, and appends to the same list', async () => {
    const store = storeWith();
    const token = userToken('ada');
    await store.set(token, newSession({ userId: 'ada', cart: { tea: 1 }, seen: ['a'] }));
    const requests = await Promise.all(Array.from({ length: 32 }, () => store.get(token)));
    await Promise.all(
      requests.map((session, i) => {
        session.cart[`item${i}`] = i;
        session.seen.push(`page${i}`);
        return store.set(token, session);
      }),
    );
    const stored = await store.get(token);
    expect(Object.keys(stored.cart)).toHaveLength(33);
    expect(stored.seen).toHaveLength(33);
  });

  it('does not write a session that did not change', async () => {
    const store = storeWith();
    const token = userToken('ada');
    await store.set(token, newSession({ userId: 'ada' }));
    const before = await client.get(recordKey(token));
    await store.set(token, await store.get(token));
    expect(await client.get(recordKey(token))).toBe(before);
  });

  it('ends the least recently used session beyond the maximum', async () => {
    const store = storeWith({ maxSessions: 2 });
    const [first, second, third] = [userToken('ada'), userToken('ada'), userToken('ada')];
    await store.set(first, newSession({ userId: 'ada' }));
    await store.set(second, newSession({ userId: 'ada' }));
    // The first one is used again, so the second is the least recently used.
    await client.setrange(recordKey(second), 1, '0000000000001');
    await store.set(third, newSession({ userId: 'ada' }));
    expect(await store.get(first)).not.toBeNull();
    expect(await store.get(second)).toBeNull();
    expect(await store.get(third)).not.toBeNull();
    expect(await client.zcard(`lk:idx:{${ring.current('ada')}}`)).toBe(2);
  });

  it('refuses a user in a session whose id is not that user’s', async () => {
    const store = storeWith();
    await expect(store.set(newSessionToken(), newSession({ userId: 'ada' }))).rejects.toThrow(
      /does not belong/,
    );
    await expect(store.set(userToken('eve'), newSession({ userId: 'ada' }))).rejects.toThrow(
      /does not belong/,
    );
    const token = newSessionToken();
    await store.set(token, newSession({ cart: [] }));
    const anonymous = await store.get(token);
    anonymous.userId = 'ada';
    await expect(store.set(token, anonymous)).rejects.toThrow(/does not belong/);
    expect(await store.get(token)).toMatchObject({ cart: [] });
    // Written past the store: it is no session.
    const record = (await client.get(recordKey(token))) as string;
    await client.set(recordKey(token), record.replace('"cart":[]', '"userId":"ada"'));
    expect(await store.get(token)).toBeNull();
  });

  it('takes a corrupt or foreign record for no session', async () => {
    const store = storeWith();
    const token = newSessionToken();
    for (const record of [
      '',
      'x',
      '{"cookie":{}}',
      `1${'0'.repeat(62)}`,
      `1${'9'.repeat(62)}[1]`,
      `9${'9'.repeat(62)}{}`,
    ]) {
      await client.set(recordKey(token), record);
      expect(await store.get(token)).toBeNull();
    }
  });

  it('refuses a session that is too large, and stores nothing of it', async () => {
    const store = storeWith({ maxSessionBytes: 1_000 });
    const token = newSessionToken();
    await expect(store.set(token, newSession({ note: 'x'.repeat(1_000) }))).rejects.toThrow(
      SessionTooLargeError,
    );
    expect(await keysBesideRing(client)).toEqual([]);
  });

  it('calls back once, also when the callback throws', async () => {
    const store = storeWith();
    let thrown: (() => void) | undefined;
    const nextTick = jest.spyOn(process, 'nextTick').mockImplementation((callback) => {
      thrown = callback as () => void;
    });
    let calls = 0;
    try {
      await store.get(newSessionToken(), () => {
        calls += 1;
        throw new Error('from the callback');
      });
    } finally {
      nextTick.mockRestore();
    }
    expect(calls).toBe(1);
    expect(thrown).toThrow('from the callback');
  });

  it('lists, counts and clears sessions without giving away an id', async () => {
    const store = storeWith();
    const token = userToken('ada');
    await store.set(token, newSession({ userId: 'ada' }));
    await store.set(newSessionToken(), newSession({ cart: [1] }));
    expect(await store.length()).toBe(2);
    expect(await store.ids()).toContain(addressOf(token).digest);
    expect((await store.all()).map((session: { userId?: string }) => session.userId).sort()).toEqual([
      'ada',
      undefined,
    ]);
    await store.clear();
    expect(await store.length()).toBe(0);
    expect(await store.get(token)).toBeNull();
  });
});
