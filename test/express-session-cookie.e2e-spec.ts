import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData, SessionOptions } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import { type Answer, type ExpressHost, sleep, startExpressHost, tokenIn, until } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Data = SessionData & { visits?: number };
const MINUTE = 60_000;

describe('the cookie of a session', () => {
  let redis: TestRedis;
  let client: Redis;
  let store: RedisSessionStore;
  let host: ExpressHost | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    store = new RedisSessionStore({ client });
  });
  afterEach(() => host?.close());

  const visit = (req: Request, res: Response) => {
    const data = req.session as Data;
    data.visits = (data.visits ?? 0) + 1;
    res.end(String(req.session.cookie.originalMaxAge));
  };
  const start = async (options: Partial<SessionOptions>, handler: (req: Request, res: Response) => unknown = visit) =>
    (host = await startExpressHost(store, handler, options));
  const expiryOf = (answer: Answer) => Date.parse(String(answer.attributes?.['expires']));
  const ttl = async () => client.pttl((await client.keys('*'))[0] as string);
  const near = (ms: number, expected: number) => {
    expect(ms).toBeGreaterThan(expected - 5_000);
    expect(ms).toBeLessThanOrEqual(expected + 1_000);
  };

  it('ends with the browser, is HttpOnly and for all paths, unless told otherwise', async () => {
    const answer = await (await start({})).get();
    expect(answer.attributes).toEqual({ path: '/', httponly: true });
    near(await ttl(), 24 * 60 * MINUTE);
  });

  it('has the attributes that were configured, now and after it was loaded', async () => {
    const cookie = { httpOnly: false, domain: 'example.com', path: '/', sameSite: 'strict', priority: 'high', partitioned: true, maxAge: MINUTE } as const;
    await start({ name: 'other.sid', cookie });
    for (const answer of [await host?.get(), await host?.get('/', { cookie: (await host.get()).cookie })] as Answer[]) {
      expect(answer.attributes).toMatchObject({ domain: 'example.com', samesite: 'Strict', priority: 'High', partitioned: true });
      expect(answer.attributes).not.toHaveProperty('httponly');
      near(expiryOf(answer) - Date.now(), MINUTE);
    }
  });

  it('comes from a function of the request, when that is configured', async () => {
    const cookie = ((req: Request) => ({ path: '/', maxAge: req.headers['x-remember'] ? 10 * MINUTE : MINUTE })) as never;
    await start({ cookie });
    near(expiryOf(await (host as ExpressHost).get()) - Date.now(), MINUTE);
    near(await ttl(), MINUTE);
    await client.flushall();
    near(expiryOf(await (host as ExpressHost).get('/', { 'x-remember': '1' })) - Date.now(), 10 * MINUTE);
    near(await ttl(), 10 * MINUTE);
  });

  it.each([
    ['https', { secure: true, samesite: 'None' }],
    ['http', { secure: undefined, samesite: 'Lax' }],
  ])('follows the connection where it is "auto": %s', async (proto, expected) => {
    await start({ proxy: true, cookie: { secure: 'auto', sameSite: 'auto' as never } });
    const answer = await (host as ExpressHost).get('/', { 'x-forwarded-proto': proto });
    expect({ secure: answer.attributes?.['secure'], samesite: answer.attributes?.['samesite'] }).toEqual(expected);
  });

  it('is not sent over plain http when it is secure, and nothing else is lost by that', async () => {
    const answer = await (await start({ cookie: { secure: true } })).get();
    expect([answer.status, answer.cookie]).toEqual([200, '']);
  });

  it('gives its maxAge to the record in Redis, and keeps originalMaxAge the same for all requests', async () => {
    await start({ cookie: { maxAge: 2 * MINUTE } });
    const { cookie, text } = await (host as ExpressHost).get();
    expect(text).toBe(String(2 * MINUTE));
    near(await ttl(), 2 * MINUTE);
    for (let i = 0; i < 3; i++) {
      expect(Math.abs(Number((await (host as ExpressHost).get('/', { cookie })).text) - 2 * MINUTE)).toBeLessThanOrEqual(1);
    }
  });

  it('says how long the session has left since it was used last', async () => {
    const left: number[] = [];
    await start({ cookie: { maxAge: 2 * MINUTE } }, (req, res) => {
      (req.session as Data).visits = 1;
      left.push(req.session.cookie.maxAge as number);
      res.end();
    });
    const { cookie } = await (host as ExpressHost).get();
    const [key] = (await client.keys('*')) as [string];
    await client.setrange(key, 1, String(Date.now() - MINUTE));
    await (host as ExpressHost).get('/', { cookie });
    near(left[1] as number, MINUTE + 12_000);
  });

  it('is kept when only it was changed, without a save', async () => {
    await start({}, (req, res) => {
      if (req.path === '/remember') req.session.cookie.maxAge = 30 * MINUTE;
      else (req.session as Data).visits = 1;
      res.end();
    });
    const { cookie } = await (host as ExpressHost).get('/');
    await (host as ExpressHost).get('/remember', { cookie });
    expect((await store.get(tokenIn(cookie))).cookie.originalMaxAge).toBe(30 * MINUTE);
    near(await ttl(), 30 * MINUTE);
  });

  it('may last shorter than the browser’s: null makes it end with that', async () => {
    await start({ cookie: { maxAge: MINUTE } }, (req, res) => {
      (req.session as Data).visits = 1;
      req.session.cookie.expires = null;
      res.end();
    });
    const answer = await (host as ExpressHost).get();
    expect(answer.attributes).not.toHaveProperty('expires');
    near(await ttl(), 24 * 60 * MINUTE);
  });

  it('with a fixed expiry ends the session then', async () => {
    await start({}, (req, res) => {
      (req.session as Data).visits = 1;
      req.session.cookie.expires = new Date(Date.now() + 5 * MINUTE);
      res.end();
    });
    const answer = await (host as ExpressHost).get();
    near(expiryOf(answer) - Date.now(), 5 * MINUTE);
    near(await ttl(), 5 * MINUTE);
  });

  it('with an expiry in the past ends the session', async () => {
    await start({}, (req, res) => {
      (req.session as Data).visits = Math.random();
      if (req.path === '/end') req.session.cookie.maxAge = -1;
      res.end();
    });
    const { cookie } = await (host as ExpressHost).get('/');
    await (host as ExpressHost).get('/end', { cookie });
    expect(await store.length()).toBe(0);
    expect((host as ExpressHost).errors).toEqual([]);
  });

  it('with an expiry that is no date is reported once, and the session is stored', async () => {
    await start({}, (req, res) => {
      (req.session as Data).visits = 1;
      req.session.cookie.expires = new Date(NaN);
      res.end();
    });
    await (host as ExpressHost).get();
    expect((await (host as ExpressHost).reported(1)).map((error) => error.message)).toEqual(['option expires is invalid']);
    near(await ttl(), 24 * 60 * MINUTE);
  });

  it('of a few milliseconds ends the session to the millisecond, not to the second', async () => {
    await start({ cookie: { maxAge: 20 } });
    const { cookie } = await (host as ExpressHost).get();
    await sleep(30);
    expect(await store.get(tokenIn(cookie))).toBeNull();
  });

  it('of a short life is slid more often than the touch interval says, or the session would end in use', async () => {
    store = new RedisSessionStore({ client, touchIntervalMs: 10 * MINUTE });
    await start({ cookie: { maxAge: MINUTE } }, (req, res) => {
      if (req.path === '/') (req.session as Data).visits = 1;
      res.end();
    });
    const { cookie } = await (host as ExpressHost).get('/');
    const [key] = (await client.keys('*')) as [string];
    await client.setrange(key, 1, String(Date.now() - 30_000));
    await client.pexpire(key, 30_000);
    await (host as ExpressHost).get('/idle', { cookie });
    await until(async () => (await ttl()) > 50_000);
  });

  it('is signed with the first secret and read with all of them', async () => {
    const [old, fresh] = ['the old secret of the cookie', 'the new secret of the cookie'];
    const before = await startExpressHost(store, visit, { secret: old });
    const { cookie } = await before.get();
    await before.close();
    await start({ secret: [fresh, old], rolling: true, cookie: { maxAge: MINUTE } });
    const answer = await (host as ExpressHost).get('/', { cookie });
    expect(tokenIn(answer.cookie)).toBe(tokenIn(cookie));
    expect(answer.cookie).not.toBe(cookie);
    expect(await store.get(tokenIn(cookie))).toMatchObject({ visits: 2 });
  });

  it('carries the id that genid makes, whatever characters it has', async () => {
    await start({ genid: (req) => `%:ü ${req.headers['x-id'] as string}` });
    const { cookie } = await (host as ExpressHost).get('/', { 'x-id': 'one' });
    expect(decodeURIComponent(cookie)).toContain('%:ü one');
    await (host as ExpressHost).get('/', { cookie, 'x-id': 'two' });
    expect(await store.get('%:ü one')).toMatchObject({ visits: 2 });
  });
});
