import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData, SessionOptions } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import {
  type Answer,
  type ExpressHost,
  sleep,
  startExpressHost,
  tokenIn,
  until,
} from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Data = SessionData & { visits?: number };
const MINUTE = 60_000;

describe('the life of a session’s cookie', () => {
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
  const visitOnce = (req: Request, res: Response) => {
    const data = req.session as Data;
    if (req.path === '/visit') data.visits = 1;
    res.end(String(data.visits ?? 0));
  };
  const start = async (
    options: Partial<SessionOptions>,
    handler: (req: Request, res: Response) => unknown = visit,
  ) => (host = await startExpressHost(store, handler, options));
  const expiryOf = (answer: Answer) => Date.parse(String(answer.attributes?.['expires']));
  const ttl = async () => client.pttl((await client.keys('*'))[0] as string);
  const near = (ms: number, expected: number) => {
    expect(ms).toBeGreaterThan(expected - 5_000);
    expect(ms).toBeLessThanOrEqual(expected + 1_000);
  };

  it('gives its maxAge to the record in Redis, and keeps originalMaxAge the same for all requests', async () => {
    await start({ cookie: { maxAge: 2 * MINUTE } });
    const { cookie, text } = await (host as ExpressHost).get();
    expect(text).toBe(String(2 * MINUTE));
    near(await ttl(), 2 * MINUTE);
    for (let i = 0; i < 3; i++) {
      // express-session reads the clock twice to make it, and a busy machine takes its time in between.
      expect(
        Math.abs(Number((await (host as ExpressHost).get('/', { cookie })).text) - 2 * MINUTE),
      ).toBeLessThanOrEqual(20);
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
    expect((await (host as ExpressHost).reported(1)).map((error) => error.message)).toEqual([
      'option expires is invalid',
    ]);
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

  it.each([{ resave: true }, { resave: false }])('keeps a session alive by use, with %j', async (options) => {
    host = await startExpressHost(store, visitOnce, { ...options, cookie: { maxAge: 60_000 } });
    const { cookie } = await host.get('/visit');
    const [key] = (await client.keys('*')) as [string];
    // As if it had been used last forty seconds ago.
    await client.setrange(key, 1, String(Date.now() - 40_000));
    await client.pexpire(key, 20_000);
    expect((await host.get('/', { cookie })).text).toBe('1');
    await until(async () => (await client.pttl(key)) > 50_000);
  });

  it.each([
    [{ rolling: false }, false],
    [{ rolling: true }, true],
  ])('with %j sets the cookie of an unmodified session: %s', async (options, set) => {
    host = await startExpressHost(store, visitOnce, { ...options, cookie: { maxAge: 60_000 } });
    const first = await host.get('/visit');
    await sleep(1100 - (Date.now() % 1000));
    const again = await host.get('/', { cookie: first.cookie });
    expect(again.cookie).toBe(set ? first.cookie : '');
    if (set)
      expect(Date.parse(String(again.attributes?.['expires']))).toBeGreaterThan(
        Date.parse(String(first.attributes?.['expires'])),
      );
  });

  it('sets no rolling cookie for a session that is not stored', async () => {
    host = await startExpressHost(store, visitOnce, { rolling: true });
    expect((await host.get()).cookie).toBe('');
    expect(await store.length()).toBe(0);
  });
});
