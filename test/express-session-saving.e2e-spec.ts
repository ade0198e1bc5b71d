import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionTooLargeError } from '../src/session/index.js';
import { type ExpressHost, startExpressHost, tokenIn } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Data = SessionData & { visits?: number; cart?: { items: string[]; note?: string }; big?: string };

describe('express-session saves a session into the store', () => {
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
  const visit = (req: Request, res: Response) => {
    dataOf(req).visits = (dataOf(req).visits ?? 0) + 1;
    res.end(String(dataOf(req).visits));
  };
  const idle = (_req: Request, res: Response) => res.end('idle');

  it.each([
    ['a body', (res: Response) => res.end('body')],
    ['no body', (res: Response) => res.end()],
    ['several writes', (res: Response) => [res.write('one'), res.write('two'), res.end('three')]],
    ['a known length', (res: Response) => res.set('content-length', '4').end('four')],
    ['JSON', (res: Response) => res.json({ ok: true })],
    ['a redirect', (res: Response) => res.redirect('/next')],
  ])('has stored the session by the end of an answer with %s', async (_kind, answer) => {
    host = await startExpressHost(store, (req, res) => {
      dataOf(req).visits = 1;
      answer(res);
    });
    const { cookie } = await host.get();
    expect(await store.get(tokenIn(cookie))).toMatchObject({ visits: 1 });
  });

  it('saves a change deep inside the data', async () => {
    host = await startExpressHost(store, (req, res) => {
      const data = dataOf(req);
      data.cart ??= { items: [] };
      data.cart.items.push(`item${data.cart.items.length}`);
      res.end();
    });
    const { cookie } = await host.get();
    await host.get('/', { cookie });
    await host.get('/', { cookie });
    expect(await store.get(tokenIn(cookie))).toMatchObject({ cart: { items: ['item0', 'item1', 'item2'] } });
  });

  it('saves a member that was removed, and one that was added', async () => {
    host = await startExpressHost(store, (req, res) => {
      const data = dataOf(req);
      if (req.path === '/change') {
        delete data.cart;
        data.visits = 1;
      } else {
        data.cart = { items: ['tea'] };
      }
      res.end();
    });
    const { cookie } = await host.get('/');
    await host.get('/change', { cookie });
    const stored = await store.get(tokenIn(cookie));
    expect(stored).toMatchObject({ visits: 1 });
    expect(stored).not.toHaveProperty('cart');
  });

  it.each([
    [{ saveUninitialized: true }, { stored: 1, cookie: true }],
    [{ saveUninitialized: false }, { stored: 0, cookie: false }],
  ])('with %j keeps a session that nothing was put into accordingly', async (options, expected) => {
    host = await startExpressHost(store, idle, options);
    const { cookie } = await host.get();
    expect({ stored: await store.length(), cookie: cookie !== '' }).toEqual(expected);
    if (!cookie) return;
    expect((await host.get('/', { cookie })).cookie).toBe('');
    expect(await store.length()).toBe(1);
  });

  it('writes a loaded session only when it was modified, and then once', async () => {
    host = await startExpressHost(store, (req, res) =>
      req.path === '/visit' ? visit(req, res) : idle(req, res),
    );
    const { cookie } = await host.get('/visit');
    const revision = async () =>
      Number((await client.get((await client.keys('*'))[0] as string))?.slice(53, 63));
    expect(await revision()).toBe(1);
    await host.get('/idle', { cookie });
    expect(await revision()).toBe(1);
    await host.get('/visit', { cookie });
    expect(await revision()).toBe(2);
  });

  it.each([
    [{ unset: 'destroy' as const }, 0],
    [{ unset: 'keep' as const }, 1],
    [{}, 1],
  ])('with %j leaves %i sessions after req.session = null', async (options, left) => {
    host = await startExpressHost(
      store,
      (req, res) => {
        if (req.path === '/visit') dataOf(req).visits = 1;
        else req.session = null as never;
        res.end();
      },
      options,
    );
    const { cookie } = await host.get('/visit');
    expect((await host.get('/null', { cookie })).cookie).toBe('');
    expect(await store.length()).toBe(left);
    expect((await host.get('/null')).cookie).toBe('');
  });

  it('hands a failed save to the error handler', async () => {
    store = new RedisSessionStore({ client, maxSessionBytes: 500 });
    host = await startExpressHost(store, (req, res) => {
      dataOf(req).big = 'x'.repeat(1000);
      res.end('sent');
    });
    await host.get();
    expect(await host.reported(1)).toEqual([expect.any(SessionTooLargeError)]);
    expect(await store.length()).toBe(0);
  });

  it('finds the session behind a redirect that followed its save', async () => {
    host = await startExpressHost(store, (req, res) => {
      if (req.path !== '/login') return res.end(String(dataOf(req).visits));
      dataOf(req).visits = 7;
      return req.session.save((error: unknown) => (error ? res.status(500).end() : res.redirect('/')));
    });
    const { status, cookie } = await host.get('/login');
    expect(status).toBe(302);
    expect((await host.get('/', { cookie })).text).toBe('7');
  });

  it('keeps what concurrent requests put in, each in another place', async () => {
    const hits: (() => void)[] = [];
    host = await startExpressHost(store, async (req, res) => {
      const data = dataOf(req) as unknown as Record<string, string>;
      data[req.path.slice(1)] = 'kept';
      // Every request has loaded the session before the first one saves it.
      if (req.path !== '/first') {
        await new Promise<void>((resolve) => {
          hits.push(resolve);
          if (hits.length === 8) for (const go of hits) go();
        });
      }
      res.end();
    });
    const { cookie } = await host.get('/first');
    const app = host;
    await Promise.all(Array.from({ length: 8 }, (_, i) => app.get(`/key${i}`, { cookie })));
    expect(Object.keys(await store.get(tokenIn(cookie)))).toHaveLength(10);
    expect(host.errors).toEqual([]);
  });
});
