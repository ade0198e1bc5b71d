import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { cookieOf, type SessionHost, startSessionHost } from './support/session-host.js';

// What each operation costs beyond its commands (session-commands). It must not creep.
describe('what an operation on a session costs', () => {
  let redis: TestRedis;
  let client: Redis;
  let observer: Redis;
  let host: SessionHost;

  beforeAll(async () => {
    redis = await startSingleRedis(['--appendonly', 'yes', '--appendfsync', 'no']);
    client = redis.client();
    observer = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    host = await startSessionHost(client);
    // Loads the scripts and samples Redis's clock.
    const cookie = await host.login();
    await host.call('POST', '/cart?item=tea', { cookie });
    await host.call('POST', '/logout', { cookie });
    await host.call('POST', '/cart?item=tea');
  });
  afterEach(() => host.close());

  /** Bytes that Redis writes to its AOF, and sends to each replica. */
  const written = async (act: () => Promise<unknown>): Promise<number> => {
    const size = async () => Number(/aof_current_size:(\d+)/.exec(await observer.info('persistence'))?.[1]);
    const before = await size();
    await act();
    return (await size()) - before;
  };
  /** Bytes to and from Redis. */
  const moved = async (act: () => Promise<unknown>): Promise<[number, number]> => {
    const sum = async () => {
      const stats = await observer.info('stats');
      const of = (name: string) => Number(new RegExp(`${name}:(\\d+)`).exec(stats)?.[1]);
      return { in: of('total_net_input_bytes'), out: of('total_net_output_bytes') };
    };
    const first = await sum();
    const second = await sum();
    await act();
    const third = await sum();
    const own = { in: second.in - first.in, out: second.out - first.out };
    return [third.in - second.in - own.in, third.out - second.out - own.out];
  };

  /** Cookies that an answer sets. */
  const cookies = (answer: Response) => answer.headers.getSetCookie().length;

  it('is nothing to be kept on disk for a read, and its record with a few keys on the way', async () => {
    const cookie = await host.login();
    expect(await written(() => host.me({ cookie }))).toBe(0);
    const [sent, answered] = await moved(() => host.me({ cookie }));
    expect(sent).toBeLessThanOrEqual(160);
    expect(answered).toBeLessThanOrEqual(430);
  });

  it('is 383 bytes to be kept for a touch, however large the session is', async () => {
    await client.del(await client.keys('lk:sess:*'));
    const cookie = await host.login();
    for (let i = 0; i < 20; i += 1) await host.call('POST', `/cart?item=${'x'.repeat(100)}`, { cookie });
    const [key] = (await client.keys('lk:sess:*')) as [string];
    const touched = () => client.getrange(key, 1, 13);
    const late = String(Number(await touched()) - 120_000).padStart(13, '0');
    await client.setrange(key, 1, late);
    const bytes = await written(async () => {
      await host.me({ cookie });
      // Nobody waits for a touch.
      while ((await touched()) === late) continue;
    });
    expect(bytes).toBeLessThanOrEqual(383);
  });

  it('is little more than its record for a login and a change, and less for a logout', async () => {
    const login = await written(() => host.login());
    expect(login).toBeLessThanOrEqual(750);
    const cookie = await host.login();
    const change = await written(() => host.call('POST', '/cart?item=tea', { cookie }));
    expect(change).toBeLessThanOrEqual(820);
    const logout = await written(() => host.call('POST', '/logout', { cookie }));
    expect(logout).toBeLessThanOrEqual(220);
    // All of them were written at all.
    expect(Math.min(login, change, logout)).toBeGreaterThan(100);
  });

  it('is one Set-Cookie where a browser gets another session, and none elsewhere', async () => {
    expect(cookies(await host.call('GET', '/me'))).toBe(0);
    const visit = await host.call('POST', '/cart?item=tea');
    expect(cookies(visit)).toBe(1);
    const visitor = cookieOf(visit);
    expect(cookies(await host.call('POST', '/cart?item=milk', { cookie: visitor }))).toBe(0);
    const login = await host.call('POST', '/login', { cookie: visitor });
    expect(cookies(login)).toBe(1);
    const cookie = cookieOf(login);
    expect(cookies(await host.call('GET', '/me', { cookie }))).toBe(0);
    expect(cookies(await host.call('POST', '/cart?item=salt', { cookie }))).toBe(0);
    const rotation = await host.call('POST', '/rotate', { cookie });
    expect(cookies(rotation)).toBe(1);
    expect(cookies(await host.call('POST', '/login?transport=bearer'))).toBe(0);
    expect(cookies(await host.call('POST', '/logout', { cookie: cookieOf(rotation) }))).toBeLessThanOrEqual(
      1,
    );
  });

  it('is no Session to be made, copied and compared for a request that only asks whose it is', async () => {
    const make = jest.spyOn(RedisSessionStore.prototype, 'createSession');
    const cookie = await host.login();
    make.mockClear();
    expect((await host.call('GET', '/poll', { cookie })).status).toBe(200);
    expect(make.mock.calls.length).toBe(0);
    await host.call('POST', '/cart?item=tea', { cookie });
    expect(make.mock.calls.length).toBe(1);
    make.mockRestore();
  });
});
