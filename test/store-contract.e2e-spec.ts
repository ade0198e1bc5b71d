import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisStore } from 'connect-redis';
import type { Request } from 'express';
import expressSession, { type SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionEndedError } from '../src/session/index.js';
import { addressOf, newSessionToken } from '../src/session/token/session-id.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

describe('the Store contract of express-session', () => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisSessionStore;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    store = new RedisSessionStore({ client });
  });

  const session = (data: object = {}) =>
    ({ cookie: { originalMaxAge: null }, ...data }) as SessionData & Record<string, unknown>;
  const requestOf = (token: string) =>
    ({ sessionID: token, sessionStore: store, headers: {} }) as unknown as Request;

  it('is a Store, and a RedisStore of connect-redis', () => {
    expect(store).toBeInstanceOf(expressSession.Store);
    expect(store).toBeInstanceOf(RedisStore);
  });

  it('returns what was set, as a copy of its own', async () => {
    const token = newSessionToken();
    const given = session({ cart: { items: ['tea'] }, at: new Date(0), nothing: undefined, nil: null });
    await store.set(token, given);
    (given['cart'] as { items: string[] }).items.push('later');
    const [one, other] = [await store.get(token), await store.get(token)];
    expect(one).toEqual({
      cookie: { originalMaxAge: null },
      cart: { items: ['tea'] },
      at: '1970-01-01T00:00:00.000Z',
      nil: null,
    });
    one.cart.items.push('mine');
    expect(other.cart.items).toEqual(['tea']);
  });

  it('keeps a cookie as it was given', async () => {
    const token = newSessionToken();
    const cookie = {
      originalMaxAge: null,
      httpOnly: true,
      path: '/a',
      sameSite: 'lax',
      priority: 'low',
      more: 1,
    };
    await store.set(token, { cookie } as never);
    expect((await store.get(token)).cookie).toEqual(cookie);
  });

  it('lets the last of several sets win, whole', async () => {
    const token = newSessionToken();
    await store.set(token, session({ first: 1, both: 1 }));
    await store.set(token, session({ second: 2, both: 2 }));
    expect(await store.get(token)).toEqual(session({ second: 2, both: 2 }));
    await Promise.all([3, 4, 5, 6].map((n) => store.set(token, session({ [`set${n}`]: n }))));
    expect(await store.get(token)).toEqual(session({ set6: 6 }));
    expect(await store.length()).toBe(1);
  });

  it('brings changes of what was read together instead', async () => {
    const token = newSessionToken();
    await store.set(token, session());
    const [one, other] = [await store.get(token), await store.get(token)];
    one.one = 1;
    other.other = 2;
    await Promise.all([store.set(token, one), store.set(token, other)]);
    expect(await store.get(token)).toEqual(session({ one: 1, other: 2 }));
  });

  it('does not store again what was read, ended and then set', async () => {
    const token = newSessionToken();
    await store.set(token, session());
    const read = await store.get(token);
    read.late = true;
    await store.destroy(token);
    await expect(store.set(token, read)).rejects.toThrow(SessionEndedError);
    expect(await store.get(token)).toBeNull();
  });

  it('finds nothing, and ends nothing, where there is no session', async () => {
    expect(await store.get('nothing')).toBeNull();
    expect(await store.load('nothing')).toBeUndefined();
    await store.destroy('nothing');
    await store.touch('nothing', session());
    expect([await store.length(), await store.ids(), await store.all()]).toEqual([0, [], []]);
    expect(await client.keys('*')).toEqual([]);
  });

  it('counts, names and shows live sessions, many of them too, and clears only its own', async () => {
    const other = new RedisSessionStore({ client, prefix: 'other*[?]:' });
    await other.set('one', session());
    const tokens = Array.from({ length: 1_200 }, () => newSessionToken());
    await Promise.all(tokens.map((token, n) => store.set(token, session({ n }))));
    const digests = tokens.map((token) => addressOf(token).digest).sort();
    expect(await store.length()).toBe(1_200);
    expect((await store.ids()).sort()).toEqual(digests);
    const all = (await store.all()) as { id: string; n: number }[];
    expect(all.map(({ id }) => id).sort()).toEqual(digests);
    expect(all.find(({ n }) => n === 7)?.id).toBe(addressOf(tokens[7] as string).digest);
    await store.clear();
    expect(await store.length()).toBe(0);
    expect(await other.length()).toBe(1);
  });

  it('does not count what has ended but lies in Redis for a while', async () => {
    const users = new RedisSessionStore({
      client,
      indexKeys: ['index-key-of-the-store-contract-specification'],
      userId: (data) => (data as { userId?: string }).userId,
    });
    const token = users.createSessionId('ada');
    await users.set(token, session({ userId: 'ada' }));
    const { tag } = addressOf(token);
    await client.set(`lk:gen:{${tag}}`, Date.now() + 1);
    expect([await users.length(), await users.ids(), await users.all()]).toEqual([0, [], []]);
  });

  it('load gives a Session that saves, and that ends, by itself', async () => {
    const token = newSessionToken();
    await store.set(token, session({ visits: 1 }));
    const loaded = await store.load(token);
    expect(loaded).toBeInstanceOf(expressSession.Session);
    expect([loaded.id, loaded.visits]).toEqual([token, 1]);
    loaded.visits = 2;
    await new Promise<void>((resolve) => loaded.save(() => resolve()));
    expect(await store.get(token)).toMatchObject({ visits: 2 });
    await new Promise<void>((resolve) => loaded.destroy(() => resolve()));
    expect(await store.get(token)).toBeNull();
  });

  it('generate and createSession work before express-session has seen the store', async () => {
    const req = requestOf('');
    store.generate(req);
    expect(req.session).toBeInstanceOf(expressSession.Session);
    expect(req.session.id).toBe(req.sessionID);
    (req.session as unknown as { name: string }).name = 'ada';
    await new Promise((resolve) => req.session.save(resolve));
    const again = requestOf(req.sessionID);
    expect(store.createSession(again, await store.get(req.sessionID))).toBe(again.session);
    expect(again.session).toMatchObject({ name: 'ada' });
    expect(again.session.cookie).toBeInstanceOf(expressSession.Cookie);
  });
});
