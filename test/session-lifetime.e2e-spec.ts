import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { type SessionHost, startSessionHost } from './support/session-host.js';

const HOUR = 3_600_000;
const lifetime = (idleTimeoutMs: number, absoluteTimeoutMs: number) => ({
  idleTimeoutMs,
  absoluteTimeoutMs,
});

describe('how long a session lives', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SessionHost | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());
  afterEach(async () => {
    jest.restoreAllMocks();
    await host?.close();
    host = undefined;
  });

  const shortHost = async () => {
    host = await startSessionHost(client, {
      touchIntervalMs: 20,
      lifetimes: {
        web: lifetime(400, 1_200),
        bearer: lifetime(HOUR, 2 * HOUR),
        admin: lifetime(300, 800),
        anonymous: lifetime(400, 1_200),
      },
    });
    return host;
  };
  const ttl = async () => client.pttl((await client.keys('lk:sess:*'))[0] as string);
  const expiry = async (started: number, cookie: string, target: SessionHost, poll: boolean) => {
    for (;;) {
      // Polling is what is under test here: use keeps a session alive, up to its absolute timeout.
      await new Promise((resolve) => setTimeout(resolve, 30));
      const live = poll
        ? (await target.me({ cookie })).user !== null
        : (await client.keys('lk:sess:*')).length > 0;
      if (!live) return Date.now() - started;
    }
  };

  it('ends after the idle timeout without use', async () => {
    const target = await shortHost();
    const started = Date.now();
    const cookie = await target.login();
    const lived = await expiry(started, cookie, target, false);
    expect(lived).toBeGreaterThanOrEqual(390);
    expect(lived).toBeLessThan(1_100);
    expect((await target.me({ cookie })).user).toBeNull();
  });

  it('ends at the absolute timeout whatever use is made of it', async () => {
    const target = await shortHost();
    const started = Date.now();
    const cookie = await target.login();
    const lived = await expiry(started, cookie, target, true);
    expect(lived).toBeGreaterThanOrEqual(1_190);
    expect(lived).toBeLessThan(2_000);
  });

  it('gives each profile its own timeouts, an admin the smaller of two', async () => {
    const target = await shortHost();
    await target.login();
    expect(await ttl()).toBeLessThanOrEqual(400);
    await client.flushall();
    await target.call('POST', '/login?transport=bearer');
    expect(await ttl()).toBeGreaterThan(HOUR - 60_000);
    await client.flushall();
    await target.login('role=admin');
    expect(await ttl()).toBeLessThanOrEqual(300);
    await client.flushall();
    await target.call('POST', '/login?transport=bearer&role=admin');
    expect(await ttl()).toBeLessThanOrEqual(300);
  });

  it('does not move the absolute expiry by a rotation', async () => {
    const target = await shortHost();
    const cookie = await target.login();
    const [before] = await target.sessions.list('ada');
    await target.call('POST', '/rotate', { cookie });
    const [after] = await target.sessions.list('ada');
    expect(after?.absoluteExpiresAt).toBe(before?.absoluteExpiresAt);
    expect(after?.createdAt).toBe(before?.createdAt);
    expect(after?.id).not.toBe(before?.id);
  });

  it.each([HOUR, -HOUR])('goes by Redis’s clock on a host whose own is off by %d ms', async (skew) => {
    const real = Date.now.bind(Date);
    const target = await shortHost();
    jest.spyOn(Date, 'now').mockImplementation(() => real() + skew);
    const cookie = await target.login();
    const [session] = await target.sessions.list('ada');
    expect(Math.abs(Date.parse(session?.createdAt as string) - real())).toBeLessThan(5_000);
    expect((await target.me({ cookie })).user).toBe('ada');
    expect(Math.abs(target.sessions.now() - real())).toBeLessThan(5_000);
    expect(await ttl()).toBeGreaterThan(100);
    const started = real();
    while (real() - started < 700) {
      await new Promise((resolve) => setTimeout(resolve, 30));
      expect((await target.me({ cookie })).user).toBe('ada');
    }
  });
});
