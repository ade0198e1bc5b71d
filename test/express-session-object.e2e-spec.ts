import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import { type ExpressHost, startExpressHost, tokenIn } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Data = SessionData & { name?: string; visits?: number };
type Step = (req: Request, res: Response) => unknown;

describe('req.session', () => {
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

  const dataOf = (req: Request) => req.session as Data;
  const begin: Step = (req, res) => {
    dataOf(req).name = 'ada';
    res.end(req.sessionID);
  };
  /** A host whose `/` begins a session and whose other path runs the step. */
  const hostWith = async (step: Step) => {
    host = await startExpressHost(store, (req, res) => (req.path === '/' ? begin(req, res) : step(req, res)));
    return { host, cookie: (await host.get('/')).cookie };
  };
  const promised = (act: (done: (error?: Error) => void) => unknown) =>
    new Promise<void>((resolve, reject) => void act((error) => (error ? reject(error) : resolve())));

  it('reload takes what is stored by now and drops what was not saved', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      dataOf(req).name = 'not saved';
      const stored = await store.get(req.sessionID);
      await store.set(req.sessionID, { ...stored, visits: 5 });
      await promised((done) => req.session.reload(done));
      res.json({ name: dataOf(req).name, visits: dataOf(req).visits });
    });
    expect(JSON.parse((await host.get('/step', { cookie })).text)).toEqual({ name: 'ada', visits: 5 });
    expect(await store.get(tokenIn(cookie))).toMatchObject({ name: 'ada', visits: 5 });
  });

  it('reload fails when the session has ended, and leaves the request its own', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      await store.destroy(req.sessionID);
      const error = await promised((done) => req.session.reload(done)).catch(
        (failure: Error) => failure.message,
      );
      res.json({ error, name: dataOf(req).name });
    });
    expect(JSON.parse((await host.get('/step', { cookie })).text)).toEqual({
      error: 'failed to load session',
      name: 'ada',
    });
    expect(await store.length()).toBe(0);
  });

  it('save stores at once, and the end of the request writes nothing more', async () => {
    let midway: Data | undefined;
    const { host, cookie } = await hostWith(async (req, res) => {
      dataOf(req).visits = 1;
      await promised((done) => req.session.save(done));
      midway = await store.get(req.sessionID);
      await client.config('RESETSTAT');
      res.end();
    });
    await host.get('/step', { cookie });
    expect(midway).toMatchObject({ name: 'ada', visits: 1 });
    expect(await client.info('commandstats')).not.toMatch(/cmdstat_evalsha/);
  });

  it('save may be repeated in one request, each with its own changes', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      for (const visits of [1, 2, 3]) {
        dataOf(req).visits = visits;
        await promised((done) => req.session.save(done));
      }
      dataOf(req).name = 'lovelace';
      res.end();
    });
    await host.get('/step', { cookie });
    expect(await store.get(tokenIn(cookie))).toMatchObject({ name: 'lovelace', visits: 3 });
    expect(host.errors).toEqual([]);
  });

  it('save of a new session without data stores it, also where saveUninitialized is off', async () => {
    host = await startExpressHost(store, async (req, res) => {
      await promised((done) => req.session.save(done));
      res.end();
    });
    await host.get('/');
    expect(await store.length()).toBe(1);
  });

  it('touch makes the cookie’s time begin again', async () => {
    const left: number[] = [];
    host = await startExpressHost(
      store,
      async (req, res) => {
        dataOf(req).visits = 1;
        await new Promise((resolve) => setTimeout(resolve, 30));
        left.push(req.session.cookie.maxAge as number);
        req.session.touch();
        left.push(req.session.cookie.maxAge as number);
        res.end();
      },
      { cookie: { maxAge: 60_000 } },
    );
    await host.get('/');
    expect(left[0]).toBeLessThanOrEqual(60_000 - 25);
    expect(left[1]).toBeGreaterThan(60_000 - 20);
  });
});
