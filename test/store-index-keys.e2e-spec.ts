import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionStoreUnavailableError } from '../src/session/index.js';
import { until } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { startSessionHost } from './support/session-host.js';

const OLD = 'the-old-index-key-of-this-specification';
const NEW = 'the-new-index-key-of-this-specification';
const UNKNOWN = 'an-index-key-that-nobody-here-has-used';
const DAY_MS = 86_400_000;

describe('the index keys of a store by itself', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());

  const storeWith = (...indexKeys: string[]) =>
    new RedisSessionStore({
      client,
      indexKeys,
      userId: (session) => (session as { userId?: string }).userId,
    });
  const session = () => ({ cookie: { originalMaxAge: null }, userId: 'ada' }) as never;
  const use = async (store: RedisSessionStore) => {
    const token = store.createSessionId('ada');
    await store.set(token, session());
    return token;
  };

  type Act = (store: RedisSessionStore, token: string) => Promise<unknown>;
  it.each<[string, Act]>([
    ['get', (store, token) => store.get(token)],
    ['set', (store, token) => store.set(token, session())],
    ['touch', (store, token) => store.touch(token, session())],
    ['destroy', (store, token) => store.destroy(token)],
    ['load', (store, token) => store.load(token)],
    ['all', (store) => store.all()],
    ['ids', (store) => store.ids()],
    ['length', (store) => store.length()],
    ['clear', (store) => store.clear()],
  ])('refuse %s where the sessions were made with others, and change nothing', async (_name, act) => {
    const token = await use(storeWith(OLD));
    const [before] = await client.keys('lk:sess:*');
    await expect(act(storeWith(UNKNOWN), token)).rejects.toThrow(/index keys are not those.*indexKeys/s);
    expect(await client.keys('lk:sess:*')).toEqual([before]);
    expect(await storeWith(OLD).get(token)).toMatchObject({ userId: 'ada' });
  });

  it('refuse every time, not only the first', async () => {
    await use(storeWith(OLD));
    const store = storeWith(UNKNOWN);
    for (let i = 0; i < 3; i++) await expect(store.get('any')).rejects.toThrow(/index keys/);
  });

  it('may be changed one after the other', async () => {
    const token = await use(storeWith(OLD));
    expect(await storeWith(NEW, OLD).get(token)).toMatchObject({ userId: 'ada' });
    await expect(storeWith(NEW).get(token)).resolves.toBeNull();
    await expect(storeWith(OLD).get(token)).rejects.toThrow(/index keys/);
  });

  it('mean nothing to a store without users', async () => {
    await use(storeWith(OLD));
    const store = new RedisSessionStore({ client, indexKeys: [UNKNOWN] });
    expect(await store.get('any')).toBeNull();
    expect(await storeWith(OLD).length()).toBe(1);
  });

  it('are noted once, with when they were last seen, and forgotten after the longest session', async () => {
    const store = storeWith(OLD);
    await Promise.all(Array.from({ length: 8 }, () => use(store)));
    const [oldOne] = store.engine.ring.fingerprint() as [string];
    expect(await client.get('lk:ring')).toMatch(new RegExp(`^${oldOne};${oldOne}:\\d{13}$`));

    await storeWith(NEW, OLD).get('any');
    expect(await client.get('lk:ring')).toMatch(/^\w{16},\w{16};\w{16}:\d{13},\w{16}:\d{13}$/);
    await storeWith(NEW).get('any');
    expect(await client.get('lk:ring')).toMatch(new RegExp(`^\\w{16};\\w{16}:\\d{13},${oldOne}:\\d{13}$`));

    const noted = (await client.get('lk:ring')) as string;
    const longAgo = `${oldOne}:${Date.now() - 31 * DAY_MS}`;
    await client.set('lk:ring', noted.replace(new RegExp(`${oldOne}:\\d+`), longAgo));
    await storeWith(NEW).get('any');
    expect(await client.get('lk:ring')).not.toContain(oldOne);
  });

  it('are compared with what an earlier version noted', async () => {
    const [oldOne] = storeWith(OLD).engine.ring.fingerprint() as [string];
    await client.set('lk:ring', oldOne);
    await expect(storeWith(UNKNOWN).get('any')).rejects.toThrow(/index keys/);
    await storeWith(NEW, OLD).get('any');
    expect(await client.get('lk:ring')).toMatch(new RegExp(`${oldOne}:\\d{13}$`));
  });

  it('are compared by a module that started while Redis was away, as soon as it is asked for a session', async () => {
    await use(storeWith(OLD));
    const away = redis.client({ enableOfflineQueue: false, lazyConnect: true });
    const host = await startSessionHost(away, { indexKeys: [UNKNOWN] });
    await until(() => away.status === 'ready');
    expect((await host.call('POST', '/login')).status).toBe(500);
    await host.close();
  });

  it('are not refused for an outage', async () => {
    const away = redis.client({ enableOfflineQueue: false, lazyConnect: true });
    const store = new RedisSessionStore({ client: away, indexKeys: [OLD], userId: () => undefined });
    await expect(store.get('any')).rejects.toThrow(SessionStoreUnavailableError);
    await until(() => away.status === 'ready');
    expect(await store.get('any')).toBeNull();
  });
});
