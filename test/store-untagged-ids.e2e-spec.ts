import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import {
  RedisSessionStore,
  SessionEndedError,
  SessionMovedError,
  SessionUserMismatchError,
} from '../src/session/index.js';
import { addressOf, newSessionToken } from '../src/session/token/session-id.js';
import { barrier, type ExpressHost, startExpressHost, tokenIn } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { keysBesideRing } from './support/stored-sessions.js';

const INDEX_KEY = 'index-key-of-the-untagged-id-specification';
type Data = SessionData & { userId?: string; cart?: string[]; note?: string };

describe('ids that a host makes itself, with untaggedIds: index', () => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisSessionStore;
  let host: ExpressHost | undefined;
  let hold: Promise<void> | undefined;
  let reached: () => void;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    hold = undefined;
    store = storeWith({});
    host = await startExpressHost(store, act);
  });
  afterEach(() => host?.close());

  const storeWith = (options: object) =>
    new RedisSessionStore({
      client,
      indexKeys: [INDEX_KEY],
      userId: (session) => (session as Data).userId,
      untaggedIds: 'index',
      ...options,
    });
  const session = (data: object) => ({ cookie: { originalMaxAge: null }, ...data }) as SessionData;
  const tagOf = (userId: string) => store.engine.ring.current(userId);
  const indexOf = (userId: string) => client.zrange(`lk:idx:{${tagOf(userId)}}`, '0', '-1');

  // A host that keeps express-session's own ids and does not regenerate them: its login writes the user into the session.
  const act = async (req: Request, res: Response) => {
    const data = req.session as Data;
    const [, verb, value = ''] = req.path.split('/');
    if (verb === 'login') data.userId = value;
    if (verb === 'logout') delete data.userId;
    if (verb === 'cart') data.cart = [...(data.cart ?? []), value];
    if (verb === 'note') {
      data.note = value;
      reached();
      await hold;
    }
    res.end(`${data.userId}:${(data.cart ?? []).join()}`);
  };
  const get = (path: string, cookie = '') => (host as ExpressHost).get(path, cookie ? { cookie } : {});

  it('keep a user’s session in the user’s index, beside those of tagged ids', async () => {
    const { cookie } = await get('/login/ada');
    await store.set(store.createSessionId('ada'), session({ userId: 'ada' }));
    expect((await get('/', cookie)).text).toBe('ada:');
    expect(await indexOf('ada')).toContain(addressOf(tokenIn(cookie)).digest);
    expect(await indexOf('ada')).toHaveLength(2);
    expect(await store.engine.users.list(tagOf('ada'))).toHaveLength(2);
    expect(await store.length()).toBe(2);
    expect((await keysBesideRing(client)).join()).not.toContain(tokenIn(cookie));
  });

  it('end with everything else of their user, saves in flight included, and stay ended', async () => {
    const { cookie } = await get('/login/ada');
    const inFlight = await store.get(tokenIn(cookie));
    expect(await store.engine.users.revokeAll(tagOf('ada'))).toEqual({ revoked: 1 });
    inFlight.note = 'late';
    await expect(store.set(tokenIn(cookie), inFlight)).rejects.toThrow(SessionEndedError);
    expect((await get('/', cookie)).text).toBe('undefined:');
    expect(await store.length()).toBe(0);
  });

  it('count for the limit of sessions', async () => {
    store = storeWith({ maxSessions: 2 });
    for (const id of ['one', 'two', 'three']) await store.set(id, session({ userId: 'ada' }));
    const live = await Promise.all(['one', 'two'].map(async (id) => (await store.get(id)) !== null));
    expect(live.filter(Boolean)).toHaveLength(1);
    expect(await store.get('three')).not.toBeNull();
  });

  it('keep what an anonymous session held through a login, and through a logout, under the same id', async () => {
    const { cookie } = await get('/cart/tea');
    expect((await get('/login/ada', cookie)).text).toBe('ada:tea');
    expect((await get('/cart/cake', cookie)).text).toBe('ada:tea,cake');
    expect(await indexOf('ada')).toEqual([addressOf(tokenIn(cookie)).digest]);
    await get('/logout', cookie);
    expect((await get('/', cookie)).text).toBe('undefined:tea,cake');
    expect(await indexOf('ada')).toEqual([]);
    expect(await store.length()).toBe(1);
    await get('/login/eve', cookie);
    expect((await get('/', cookie)).text).toBe('eve:tea,cake');
    expect((host as ExpressHost).errors).toEqual([]);
  });

  it('keep what another request stored while the login was under way, and refuse what it stores later', async () => {
    const { cookie } = await get('/cart/tea');
    const { opened, open } = barrier();
    const waiting = barrier();
    [hold, reached] = [opened, waiting.open];
    const late = get('/note/late', cookie);
    await waiting.opened;
    const login = await store.load(tokenIn(cookie));
    await get('/cart/cake', cookie);
    login.userId = 'ada';
    await store.set(tokenIn(cookie), login);
    open();
    await late;
    expect(await (host as ExpressHost).reported(1)).toEqual([expect.any(SessionMovedError)]);
    expect((await get('/', cookie)).text).toBe('ada:tea,cake');
    // The request of the login goes on, and does not take back what was merged.
    login.note = 'more';
    await store.set(tokenIn(cookie), login);
    expect(await store.get(tokenIn(cookie))).toMatchObject({
      userId: 'ada',
      cart: ['tea', 'cake'],
      note: 'more',
    });
  });

  it('give the anonymous session back when the login is refused', async () => {
    store = storeWith({ maxSessions: 1, limitPolicy: 'reject' });
    await store.set('one', session({ userId: 'ada' }));
    await store.set('two', session({ cart: ['tea'] }));
    const login = await store.get('two');
    login.userId = 'ada';
    await expect(store.set('two', login)).rejects.toThrow(/as many sessions as it may have/);
    expect(await store.get('two')).toEqual(session({ cart: ['tea'] }));
  });

  it('do not let one user take over the session of another', async () => {
    const { cookie } = await get('/login/ada');
    await get('/login/eve', cookie);
    expect(await (host as ExpressHost).reported(1)).toEqual([expect.any(SessionUserMismatchError)]);
    expect((await get('/', cookie)).text).toBe('ada:');
    expect(await indexOf('eve')).toEqual([]);
  });

  it('do not revive a user’s session that ended before its logout or its next save', async () => {
    const { cookie } = await get('/login/ada');
    const loaded = await store.get(tokenIn(cookie));
    await store.destroy(tokenIn(cookie));
    delete loaded.userId;
    await expect(store.set(tokenIn(cookie), loaded)).rejects.toThrow(SessionEndedError);
    expect(await keysBesideRing(client)).toEqual([]);
  });

  it('let the last of several whole sessions win, whoever it belongs to', async () => {
    for (const userId of ['ada', 'eve', undefined, 'ada', undefined]) {
      await store.set('host-made', session({ userId }));
      expect((await store.get('host-made'))?.userId).toBe(userId);
      expect(await store.length()).toBe(1);
    }
    expect([await indexOf('ada'), await indexOf('eve')]).toEqual([[], []]);
    await store.destroy('host-made');
    expect(await keysBesideRing(client)).toEqual([]);
    await store.set('host-made', session({ userId: 'ada' }));
    expect(await store.get('host-made')).toMatchObject({ userId: 'ada' });
  });

  it('still refuse a tagged id of another user', async () => {
    await expect(store.set(store.createSessionId('eve'), session({ userId: 'ada' }))).rejects.toThrow(
      /does not belong/,
    );
  });

  it('accept no record in which somebody wrote a user past the store', async () => {
    const token = newSessionToken();
    await store.set(token, session({ cart: [] }));
    const [key] = (await client.keys('lk:sess:*')) as [string];
    const record = (await client.get(key)) as string;
    await client.set(key, record.replace('"cart":[]', '"userId":"ada"'));
    expect(await store.get(token)).toBeNull();
  });

  it('leave nothing behind that lives longer than a session may', async () => {
    store = storeWith({ absoluteTimeoutMs: 60_000 });
    await store.set('host-made', session({ userId: 'ada' }));
    for (const key of await keysBesideRing(client)) {
      expect(await client.pttl(key)).toBeGreaterThan(0);
      expect(await client.pttl(key)).toBeLessThanOrEqual(60_000);
    }
  });
});
