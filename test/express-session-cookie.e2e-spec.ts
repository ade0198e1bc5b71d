import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Request, Response } from 'express';
import type { SessionData, SessionOptions } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import { type Answer, type ExpressHost, startExpressHost, tokenIn } from './support/express-session-host.js';
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

  it('ends with the browser, is HttpOnly and for all paths, unless told otherwise', async () => {
    const answer = await (await start({})).get();
    expect(answer.attributes).toEqual({ path: '/', httponly: true });
    near(await ttl(), 24 * 60 * MINUTE);
  });

  it('has the attributes that were configured, now and after it was loaded', async () => {
    const cookie = {
      httpOnly: false,
      domain: 'example.com',
      path: '/',
      sameSite: 'strict',
      priority: 'high',
      partitioned: true,
      maxAge: MINUTE,
    } as const;
    await start({ name: 'other.sid', cookie });
    for (const answer of [
      await host?.get(),
      await host?.get('/', { cookie: (await host.get()).cookie }),
    ] as Answer[]) {
      expect(answer.attributes).toMatchObject({
        domain: 'example.com',
        samesite: 'Strict',
        priority: 'High',
        partitioned: true,
      });
      expect(answer.attributes).not.toHaveProperty('httponly');
      near(expiryOf(answer) - Date.now(), MINUTE);
    }
  });

  it('comes from a function of the request, when that is configured', async () => {
    const cookie = ((req: Request) => ({
      path: '/',
      maxAge: req.headers['x-remember'] ? 10 * MINUTE : MINUTE,
    })) as never;
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
    expect({ secure: answer.attributes?.['secure'], samesite: answer.attributes?.['samesite'] }).toEqual(
      expected,
    );
  });

  it('is not sent over plain http when it is secure, and nothing else is lost by that', async () => {
    const answer = await (await start({ cookie: { secure: true } })).get();
    expect([answer.status, answer.cookie]).toEqual([200, '']);
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
