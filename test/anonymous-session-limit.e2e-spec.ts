import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import {
  RedisAnonymousSessionLimiter,
  type RedisAnonymousSessionLimiterOptions,
  TooManyAttemptsError,
} from '../src/auth/index.js';
import type { SessionEvent } from '../src/session/index.js';
import { commandsDuring } from './support/redis-commands.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { codeOf, cookieOf, type SessionHost, startSessionHost } from './support/session-host.js';

describe('new anonymous sessions', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SessionHost;
  let other: SessionHost;
  const events: SessionEvent[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    events.length = 0;
    const start = (own: Redis) =>
      startSessionHost(own, {
        anonymousSessionLimiter: new RedisAnonymousSessionLimiter({ client: own, perAddress: 3 }),
        observer: { onSessionEvent: (event) => events.push(event) },
      });
    host = await start(client);
    other = await start(redis.client());
  });
  afterEach(async () => {
    await host.close();
    await other.close();
  });

  const visit = (node = host, cookie = '') =>
    node.call('POST', '/cart?item=tea', cookie === '' ? {} : { cookie });
  const exhaust = async () => {
    const cookies: string[] = [];
    for (const node of [host, other, host]) cookies.push(cookieOf(await visit(node)));
    return cookies;
  };
  const sessions = () => client.keys('lk:sess:*');

  it('are as many as an address may have, over all nodes; then it is told when to come back', async () => {
    await exhaust();
    for (const node of [host, other]) {
      const answer = await visit(node);
      expect(answer.status).toBe(429);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3_500);
      expect(Number(answer.headers.get('retry-after'))).toBeLessThanOrEqual(3_600);
      expect(answer.headers.get('ratelimit-policy')).toBe('"visitors";q=3;w=3600');
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(await codeOf(answer)).toBe('TOO_MANY_ATTEMPTS');
    }
    expect(await sessions()).toHaveLength(3);
    expect(events.filter(({ type }) => type === 'refused')).toEqual([
      { type: 'refused', reason: 'throttled' },
      { type: 'refused', reason: 'throttled' },
    ]);
  });

  it('are never one too many, however many requests come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => visit(i % 2 ? host : other)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(await sessions()).toHaveLength(3);
  });

  it('may be made again in the next window of time', async () => {
    await exhaust();
    const counters = await client.keys('lk:visitors:*');
    expect(counters).toHaveLength(2);
    for (const counter of counters) expect(await client.pttl(counter)).toBeGreaterThan(3_500_000);
    await client.del(counters);
    expect((await visit()).status).toBe(201);
  });

  it('do not concern who only looks, who has one already, or who logs in', async () => {
    const [cookie = ''] = await exhaust();
    expect((await host.call('GET', '/me')).status).toBe(200);
    expect((await visit(host, cookie)).status).toBe(201);
    expect((await host.me({ cookie })).cart).toEqual(['tea', 'tea']);
    const user = await host.login();
    expect((await visit(host, user)).status).toBe(201);
    expect((await host.me({ cookie: user })).user).toBe('ada');
    // Carried over into a login, too.
    expect((await host.me({ cookie: await host.login('', cookie) })).cart).toEqual(['tea', 'tea']);
  });

  it('do not concern an anonymous session that gets another id', async () => {
    const [cookie = ''] = await exhaust();
    const answer = await host.call('POST', '/regenerate', { cookie });
    expect(answer.status).toBe(201);
    expect(cookieOf(answer)).not.toBe(cookie);
    expect(await sessions()).toHaveLength(3);
  });

  it('cost one command more when they are made, and none otherwise', async () => {
    const cookie = cookieOf(await visit());
    await host.call('POST', '/logout', { cookie: await host.login() });
    // The first time on a connection, of which a cluster has several, a script is sent as it is.
    const during = async (work: () => Promise<unknown>) =>
      (await commandsDuring(redis, work)).map((command) =>
        command
          .split(' ')[0]
          ?.toLowerCase()
          .replace(/^eval$/, 'evalsha'),
      );
    expect(await during(() => visit())).toEqual(['evalsha', 'evalsha']);
    expect(await during(() => visit(host, cookie))).toEqual(['get', 'evalsha']);
    expect(await during(() => host.me({ cookie }))).toEqual(['get']);
    expect(await during(() => host.me({}))).toEqual([]);
    expect(await during(() => host.login())).toEqual(['get', 'get', 'evalsha', 'get']);
  });

  it('are refused with 503 while Redis does not count', async () => {
    const away = new RedisAnonymousSessionLimiter({
      client: redis.client({ db: 0, enableOfflineQueue: false }),
    });
    await expect(away.admit({ ip: '192.0.2.1' })).rejects.toThrow(/session store does not answer/);
  });
});

describe('RedisAnonymousSessionLimiter', () => {
  let redis: TestRedis;
  let client: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());

  const limiter = (options: Partial<RedisAnonymousSessionLimiterOptions> = {}) =>
    new RedisAnonymousSessionLimiter({ client, ...options });
  /** How many of so many tries are let in. */
  const admitted = async (limits: RedisAnonymousSessionLimiter, ips: string[]) => {
    let count = 0;
    for (const ip of ips) {
      try {
        await limits.admit({ ip });
        count += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(TooManyAttemptsError);
      }
    }
    return count;
  };
  const hosts = (count: number, name: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => name(i));

  it('lets 120 an hour through from one address, and 600 from its network', async () => {
    const limits = limiter();
    expect(
      await admitted(
        limits,
        hosts(130, () => '192.0.2.7'),
      ),
    ).toBe(120);
    // 254 neighbours share what is left; the tries that were refused have used up none of it.
    expect(
      await admitted(
        limits,
        hosts(700, (i) => `192.0.2.${(i % 200) + 10}`),
      ),
    ).toBe(480);
    expect(await admitted(limits, ['192.0.3.7'])).toBe(1);
  });

  it('takes a /64 of IPv6 for one address and a /48 for one network', async () => {
    const limits = limiter({ perAddress: 2, perNetwork: 5 });
    expect(
      await admitted(
        limits,
        hosts(10, (i) => `2001:db8:1:2::${i + 1}`),
      ),
    ).toBe(2);
    expect(
      await admitted(
        limits,
        hosts(10, (i) => `2001:db8:1:${i + 3}::1`),
      ),
    ).toBe(3);
    expect(await admitted(limits, ['2001:db8:2::1'])).toBe(1);
  });

  it('forgives a counter that has lost its end', async () => {
    const limits = limiter({ perAddress: 1 });
    await limits.admit({ ip: '192.0.2.7' });
    for (const key of await client.keys('*')) await client.persist(key);
    expect(await admitted(limits, ['192.0.2.7', '192.0.2.7'])).toBe(1);
    for (const key of await client.keys('*')) expect(await client.pttl(key)).toBeGreaterThan(0);
  });

  it('names every option that is wrong', () => {
    expect(() => limiter({ perAddress: 0, windowSeconds: 1.5 })).toThrow(
      /- perAddress: .+\n- perNetwork: .+\n- windowSeconds: must be a whole number of at least 1/,
    );
  });
});
