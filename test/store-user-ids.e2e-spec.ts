import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import type { SessionData, SessionOptions } from 'express-session';
import type { Redis } from 'ioredis';
import {
  createSessionId,
  RedisSessionStore,
  SessionEndedError,
  type SessionEvent,
  SessionUserMismatchError,
  TooManySessionsError,
} from '../src/session/index.js';
import { addressOf, newSessionToken } from '../src/session/token/session-id.js';
import { type ExpressHost, startExpressHost, tokenIn } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { keysBesideRing } from './support/stored-sessions.js';

const INDEX_KEY = 'index-key-of-the-user-id-specification';
type Data = SessionData & { userId?: string; cart?: string[] };
type User = { id: string } | undefined;

describe('a store that knows its users, behind plain express-session', () => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisSessionStore;
  let host: ExpressHost | undefined;
  let events: SessionEvent[];

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    events = [];
    store = storeWith({});
  });
  afterEach(() => host?.close());

  const storeWith = (options: object) =>
    new RedisSessionStore({
      client,
      indexKeys: [INDEX_KEY],
      userId: (session) => (session as Data).userId,
      observer: { onSessionEvent: (event) => void events.push(event) },
      ...options,
    });
  const session = (data: object) => ({ cookie: { originalMaxAge: null }, ...data }) as SessionData;
  const promised = (act: (done: (error?: Error) => void) => unknown) =>
    new Promise<void>((resolve, reject) => void act((error) => (error ? reject(error) : resolve())));

  /** Logs people in as a host would: credentials checked, req.user set, id regenerated, user put into the session. */
  const start = async (options: Partial<SessionOptions> = {}) =>
    (host = await startExpressHost(
      store,
      async (req, res) => {
        const data = () => req.session as Data;
        if (req.path === '/login') {
          const user: User = { id: String(req.query['user']) };
          req.user = user;
          await promised((done) => req.session.regenerate(done));
          data().userId = user.id;
        } else if (req.path === '/login-without-regenerate') {
          data().userId = String(req.query['user']);
        } else if (req.path === '/cart') {
          data().cart = [...(data().cart ?? []), 'tea'];
        } else if (req.path === '/logout') {
          await promised((done) => req.session.destroy(done));
        }
        res.end(String(data()?.userId));
      },
      { genid: (req) => createSessionId((req.user as User)?.id), ...options },
    ));

  it('indexes a login under the id that createSessionId made for its user', async () => {
    const app = await start();
    const anonymous = await app.get('/cart');
    const { cookie } = await app.get('/login?user=ada', { cookie: anonymous.cookie });
    expect(app.errors).toEqual([]);
    expect((await app.get('/', { cookie })).text).toBe('ada');
    const { tag, digest, ofUser } = addressOf(tokenIn(cookie));
    expect(ofUser).toBe(true);
    expect(await client.zrange(`lk:idx:{${tag}}`, '0', '-1')).toEqual([digest]);
    expect(await store.get(tokenIn(anonymous.cookie))).toBeNull();
    expect(createSessionId('ada').startsWith(`${tag}.`)).toBe(true);
    expect(store.createSessionId('ada').startsWith(`${tag}.`)).toBe(true);
    expect(createSessionId('ada', { indexKeys: [INDEX_KEY] }).startsWith(`${tag}.`)).toBe(true);
    expect(createSessionId('eve').startsWith(`${tag}.`)).toBe(false);
    await app.get('/logout', { cookie });
    expect(await keysBesideRing(client)).toEqual([]);
  });

  it('ends every session of a user with one revocation, the one in a request included', async () => {
    const app = await start();
    const [one, other] = [await app.get('/login?user=ada'), await app.get('/login?user=ada')];
    const eve = await app.get('/login?user=eve');
    await store.engine.users.revokeAll(addressOf(tokenIn(one.cookie)).tag);
    for (const { cookie } of [one, other]) expect((await app.get('/', { cookie })).text).toBe('undefined');
    expect((await app.get('/', { cookie: eve.cookie })).text).toBe('eve');
  });

  it('refuses a user in a session whose id is not that user’s', async () => {
    const app = await start();
    await app.get('/login-without-regenerate?user=ada');
    const { cookie } = await app.get('/login?user=eve');
    await app.get('/login-without-regenerate?user=ada', { cookie });
    expect(await app.reported(2)).toEqual([
      expect.any(SessionUserMismatchError),
      expect.any(SessionUserMismatchError),
    ]);
    expect((await app.get('/', { cookie })).text).toBe('eve');
    for (const token of [newSessionToken(), store.createSessionId('eve'), 'host-made']) {
      await expect(store.set(token, session({ userId: 'ada' }))).rejects.toThrow(SessionUserMismatchError);
    }
    await expect(store.set(store.createSessionId('ada'), session({}))).rejects.toThrow(
      SessionUserMismatchError,
    );
    expect(await store.length()).toBe(1);
  });

  it('has every session anonymous, and no index, without userId', async () => {
    store = new RedisSessionStore({ client });
    await store.set('host-made', session({ userId: 'ada' }));
    expect(await store.get('host-made')).toMatchObject({ userId: 'ada' });
    expect(await client.keys('lk:idx:*')).toEqual([]);
  });

  it('makes nothing of a regenerate whose user was revoked meanwhile', async () => {
    const app = await start();
    const { cookie } = await app.get('/login?user=ada');
    const { tag } = addressOf(tokenIn(cookie));
    const generate = store.generate.bind(store);
    let revoked: Promise<unknown> = Promise.resolve();
    store.generate = (req) => {
      // Between the end of the old session and the creation of the new one.
      revoked = store.engine.users.revokeAll(tag);
      generate(req);
    };
    await app.get('/login?user=ada', { cookie });
    await revoked;
    expect(await app.reported(1)).toEqual([expect.any(SessionEndedError)]);
    expect(await store.length()).toBe(0);
  });

  it('makes nothing of a regenerate after the session itself has ended', async () => {
    const app = await start();
    const { cookie } = await app.get('/login?user=ada');
    const loaded = await store.load(tokenIn(cookie));
    await store.destroy(tokenIn(cookie));
    const { req } = loaded as { req: Request };
    await expect(store.regenerate(req)).rejects.toThrow(SessionEndedError);
    expect(req.sessionID).toBe(tokenIn(cookie));
  });

  it('does not extend the absolute lifetime of a user whose session is regenerated', async () => {
    store = storeWith({ absoluteTimeoutMs: 100_000_000 });
    const app = await start();
    const expiry = async () =>
      Number((await client.get((await client.keys('lk:sess:*'))[0] as string))?.slice(14, 27));
    const { cookie } = await app.get('/login?user=ada');
    const [key] = (await client.keys('lk:sess:*')) as [string];
    // As if most of it were over.
    const soon = (await expiry()) - 90_000_000;
    await client.setrange(key, 14, String(soon));
    await app.get('/login?user=ada', { cookie });
    expect(Math.abs((await expiry()) - soon)).toBeLessThan(1_000);
    const stranger = await app.get('/login?user=ada');
    expect(await store.get(tokenIn(stranger.cookie))).not.toBeNull();
  });

  it('keeps the limit of sessions per user, and says what it ended or refused', async () => {
    store = storeWith({ maxSessions: 2 });
    for (let i = 0; i < 4; i++) await store.set(store.createSessionId('ada'), session({ userId: 'ada' }));
    expect(await store.length()).toBe(2);
    expect(events.filter((event) => event.type === 'ended')).toEqual([
      { type: 'ended', reason: 'evicted', count: 1 },
      { type: 'ended', reason: 'evicted', count: 1 },
    ]);
    const strict = storeWith({ maxSessions: 2, limitPolicy: 'reject' });
    const refused = strict.set(strict.createSessionId('ada'), session({ userId: 'ada' }));
    await expect(refused).rejects.toThrow(TooManySessionsError);
    const { sessions } = (await refused.catch((error: unknown) => error)) as TooManySessionsError;
    expect(sessions).toHaveLength(2);
  });

  it('takes a numeric user id for what it is in text, and null for none', async () => {
    store = storeWith({ userId: (data: { user?: number | null }) => data.user });
    const token = store.createSessionId(7 as unknown as string);
    await store.set(token, session({ user: 7 }));
    expect(await store.get(token)).toMatchObject({ user: 7 });
    await store.set(store.createSessionId(null), session({ user: null }));
    expect(await store.length()).toBe(2);
  });
});
