import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { SessionData } from 'express-session';
import type { Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import { type ExpressHost, startExpressHost, tokenIn } from './support/express-session-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

type Data = SessionData & { visits?: number };
const MINUTE = 60_000;

describe('express-session on a host whose clock is wrong', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: ExpressHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startExpressHost(
      new RedisSessionStore({ client }),
      async (req, res) => {
        const data = req.session as Data;
        data.visits = (data.visits ?? 0) + 1;
        await new Promise<void>((resolve, reject) =>
          req.session.save((error?: Error) => (error ? reject(error) : resolve())),
        );
        res.end(String(Math.round(Number(req.session.cookie.maxAge) / MINUTE)));
      },
      { cookie: { maxAge: 30 * MINUTE } },
    );
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await host.close();
  });

  it.each([
    ['an hour ahead', 60 * MINUTE],
    ['an hour behind', -60 * MINUTE],
  ])('lives as long as anywhere, with a clock %s', async (_name, offset) => {
    const { cookie } = await host.get();
    const now = Date.now.bind(Date);
    jest.spyOn(Date, 'now').mockImplementation(() => now() + offset);
    // Another node, which begins with the wrong clock.
    const store = new RedisSessionStore({ client });
    const loaded = await store.get(tokenIn(cookie));
    expect(Math.round((loaded.cookie.expires.getTime() - Date.now()) / MINUTE)).toBe(30);
    loaded.visits = 5;
    await store.set(tokenIn(cookie), loaded);

    expect((await host.get('/', { cookie })).text).toBe('30');
    expect(await store.get(tokenIn(cookie))).toMatchObject({ visits: 6 });
    const ttl = await client.pttl((await client.keys('*'))[0] as string);
    expect(ttl).toBeGreaterThan(29 * MINUTE);
    expect(ttl).toBeLessThanOrEqual(30 * MINUTE);
  });
});
