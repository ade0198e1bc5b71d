import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionEndedError, SessionStoreUnavailableError } from '../src/session/index.js';
import { barrier, type ExpressHost, startExpressHost, tokenIn } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Data = SessionData & { name?: string; visits?: number };
type Step = (req: Request, res: Response) => unknown;

describe('the end of req.session', () => {
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

  it('regenerate gives a new id and an empty session, and ends the old one', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      const before = req.sessionID;
      await promised((done) => req.session.regenerate(done));
      const empty = dataOf(req).name === undefined;
      dataOf(req).visits = 1;
      res.json({ changed: req.sessionID !== before, same: req.session.id === req.sessionID, empty });
    });
    const answer = await host.get('/step', { cookie });
    expect(JSON.parse(answer.text)).toEqual({ changed: true, same: true, empty: true });
    expect(await store.get(tokenIn(cookie))).toBeNull();
    expect(await store.get(tokenIn(answer.cookie))).toMatchObject({ visits: 1 });
    expect(await store.length()).toBe(1);
  });

  it('regenerate followed by save writes once', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      await promised((done) => req.session.regenerate(done));
      dataOf(req).visits = 1;
      await promised((done) => req.session.save(done));
      res.end();
    });
    const answer = await host.get('/step', { cookie });
    const [key] = (await client.keys('*')) as [string];
    expect((await client.get(key))?.slice(53, 63)).toBe('0000000001');
    expect(tokenIn(answer.cookie)).not.toBe(tokenIn(cookie));
  });

  it('regenerate keeps the old session when the store fails', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      client.disconnect();
      const failed = await promised((done) => req.session.regenerate(done)).catch((error: unknown) => error);
      await client.connect();
      res.json({ unavailable: failed instanceof SessionStoreUnavailableError, name: dataOf(req).name });
    });
    expect(JSON.parse((await host.get('/step', { cookie })).text)).toEqual({
      unavailable: true,
      name: 'ada',
    });
    expect(await store.get(tokenIn(cookie))).toMatchObject({ name: 'ada' });
  });

  it('destroy ends the session, makes none and sets no cookie', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      await promised((done) => req.session.destroy(done));
      res.end(String(req.session));
    });
    const answer = await host.get('/step', { cookie });
    expect(answer.text).toBe('undefined');
    expect(answer.cookie).toBe('');
    expect(await store.length()).toBe(0);
  });

  it('destroy without a callback does not end the process when Redis is away', async () => {
    const unhandled: unknown[] = [];
    const note = (error: unknown) => unhandled.push(error);
    process.on('unhandledRejection', note);
    const { host, cookie } = await hostWith(async (req, res) => {
      client.disconnect();
      req.session.destroy(undefined as never);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await client.connect();
      res.end();
    });
    await host.get('/step', { cookie });
    process.off('unhandledRejection', note);
    expect(unhandled).toEqual([]);
  });

  it('is not revived by a request that still works with it after its end', async () => {
    const { opened, open } = barrier();
    const reached = barrier();
    const { host, cookie } = await hostWith(async (req, res) => {
      dataOf(req).visits = 1;
      reached.open();
      await opened;
      res.end();
    });
    const slow = host.get('/step', { cookie });
    await reached.opened;
    await store.destroy(tokenIn(cookie));
    open();
    await slow;
    expect(await host.reported(1)).toEqual([expect.any(SessionEndedError)]);
    expect(await store.get(tokenIn(cookie))).toBeNull();
    expect(await store.length()).toBe(0);
  });

  it('is not revived either when the request changed nothing', async () => {
    const { host, cookie } = await hostWith(async (req, res) => {
      await store.destroy(req.sessionID);
      res.end();
    });
    expect((await host.get('/step', { cookie })).cookie).toBe('');
    expect(await store.length()).toBe(0);
  });
});
