import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisStore } from 'connect-redis';
import { Cookie, type SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import { addressOf } from '../src/session/token/session-id.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { TOPOLOGY } from './support/topology.js';

// On a cluster it counts and clears the sessions of one server only.
const CONNECT_REDIS = [
  'connect-redis',
  (client: Redis, options: object) => new RedisStore({ client, ...options }),
  (token: string) => `sess:${token}`,
  (token: string) => token,
] as const;

// What connect-redis 8.1 asserts about itself in its index_test.ts, of a store that takes its place. `there` says where
// the two differ by design: no token can be had from Redis, so keys and ids are digests.
describe.each([
  ...(TOPOLOGY === 'cluster' ? [] : [CONNECT_REDIS]),
  [
    'RedisSessionStore in its place',
    (client: Redis, options: object) => new RedisSessionStore({ client, ...options }),
    (token: string) => `lk:sess:{${addressOf(token).tag}}:${addressOf(token).digest}`,
    (token: string) => addressOf(token).digest,
  ],
])('%s', (_name, storeWith, keyOf, idOf) => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisStore;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    store = storeWith(client, {});
  });

  const at = (ms: number) => new Date(Date.now() + ms);
  const session = (cookie: object = {}, data: object = {}) =>
    ({ ...data, cookie: { originalMaxAge: null, ...cookie } }) as SessionData;

  it('has the options and defaults that are read from outside', () => {
    expect(store.client).toBeDefined();
    expect(store.ttl).toBe(86_400);
    expect(store.serializer).toBe(JSON);
    expect(storeWith(client, { ttl: 60, prefix: 'x:' })).toMatchObject({ ttl: 60, prefix: 'x:' });
  });

  it('gives back what was set, for a day', async () => {
    await store.set('123', session({}, { foo: 'bar' }));
    expect(await store.get('123')).toEqual(session({}, { foo: 'bar' }));
    expect(await client.ttl(keyOf('123'))).toBeGreaterThanOrEqual(86_399);
  });

  it('keeps a session as long as its cookie, and follows the cookie that a touch brings', async () => {
    await store.set('456', session({ expires: at(60_000) }));
    expect(await client.ttl(keyOf('456'))).toBeLessThanOrEqual(60);
    await store.touch('456', session({ expires: at(90_000) }));
    expect(await client.ttl(keyOf('456'))).toBeGreaterThan(60);
  });

  it('follows the cookie’s expiry where that and its original age differ', async () => {
    await store.set('456', { cookie: { originalMaxAge: 600_000, expires: at(20_000) } });
    expect(await client.ttl(keyOf('456'))).toBeLessThanOrEqual(20);
    await store.touch('456', { cookie: { originalMaxAge: 600_000, expires: at(40_000) } });
    expect(await client.ttl(keyOf('456'))).toBeGreaterThan(20);
    expect(await client.ttl(keyOf('456'))).toBeLessThanOrEqual(40);
  });

  it('says how many sessions there are, which, and what they hold', async () => {
    const expires = at(60_000);
    await store.set('123', session({}, { foo: 'bar' }));
    await store.set('456', session({ expires }));
    expect(await store.length()).toBe(2);
    expect((await store.ids()).sort()).toEqual([idOf('123'), idOf('456')].sort());
    const all = ((await store.all()) as { id: string; foo?: string }[]).sort(
      (a, b) => Number(b.foo === 'bar') - Number(a.foo === 'bar'),
    );
    expect(all).toEqual([
      { id: idOf('123'), foo: 'bar', cookie: { originalMaxAge: null } },
      { id: idOf('456'), cookie: { originalMaxAge: null, expires: expires.toISOString() } },
    ]);
  });

  it('ends one session, and all of them', async () => {
    for (const token of ['1', '2', '3']) await store.set(token, session());
    await store.destroy('2');
    expect(await store.length()).toBe(2);
    await store.clear();
    expect(await store.length()).toBe(0);
  });

  it('holds a thousand sessions and clears them', async () => {
    const cookie = new Cookie();
    for (let n = 0; n < 1_000; n++) {
      cookie.expires = at(60_000);
      await store.set(`s${n}`, { cookie });
    }
    expect(await store.length()).toBe(1_000);
    await store.clear();
    expect(await store.length()).toBe(0);
  });

  it('ends a session that is set with an expiry in the past', async () => {
    await store.set('789', session({ expires: at(60_000) }));
    await store.set('789', session({ expires: at(-60_000) }));
    expect(await store.length()).toBe(0);
  });

  it('takes ttl from an option, or from a function of the session', async () => {
    await storeWith(client, { ttl: 60 }).set('one', session());
    expect(await client.ttl(keyOf('one'))).toBeLessThanOrEqual(60);
    const ttl = (given: SessionData) => (given.cookie.expires ? 30 : 90);
    await storeWith(client, { ttl }).set('two', session());
    expect(await client.ttl(keyOf('two'))).toBeGreaterThan(60);
    await storeWith(client, { ttl }).set('three', session({ expires: at(600_000) }));
    expect(await client.ttl(keyOf('three'))).toBeLessThanOrEqual(30);
  });

  it('uses the serializer that it was given', async () => {
    const serializer = {
      stringify: (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64'),
      parse: (text: string) => JSON.parse(Buffer.from(text, 'base64').toString()) as SessionData,
    };
    const own = storeWith(client, { serializer });
    await own.set('123', session({}, { foo: 'bar' }));
    expect(await own.get('123')).toEqual(session({}, { foo: 'bar' }));
    expect(await client.get(keyOf('123'))).not.toContain('foo');
    expect(own.serializer).toBe(serializer);
  });
});
