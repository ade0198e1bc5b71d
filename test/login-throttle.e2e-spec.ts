import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import {
  type LoginAttempt,
  RedisLoginThrottle,
  type ThrottledAttempt,
  TooManyAttemptsError,
} from '../src/auth/index.js';
import { SessionStoreUnavailableError } from '../src/session/index.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const attempt = (account: string, ip = '192.0.2.1'): LoginAttempt => ({ act: 'login', account, ip });

describe('RedisLoginThrottle', () => {
  let redis: TestRedis;
  let client: Redis;
  let throttle: RedisLoginThrottle;

  const outcome = async (step: Promise<unknown>): Promise<unknown> =>
    step.then(() => 'passes').catch((error: unknown) => error);
  const fail = async (account: string, ip?: string) => (await throttle.begin(attempt(account, ip))).failed();
  /** Ends the lock of every account, as time does. */
  const unlock = async () => {
    const locks = await client.keys('lk:throttle:lock:*');
    if (locks.length > 0) await client.del(locks);
  };
  const lockSeconds = async (): Promise<number> => {
    const [lock = ''] = await client.keys('lk:throttle:lock:*');
    return client.ttl(lock);
  };

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    client = redis.client();
    await client.flushall();
    throttle = new RedisLoginThrottle({ client });
  });
  afterEach(() => void client.disconnect());

  it('locks an account from the fifth failure on, twice as long each time, at most an hour', async () => {
    for (let i = 0; i < 4; i += 1) await fail('ada');
    expect(await client.keys('lk:throttle:lock:*')).toEqual([]);
    for (const seconds of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]) {
      await fail('ada');
      const left = await lockSeconds();
      expect(left).toBeGreaterThan(seconds - 2);
      expect(left).toBeLessThanOrEqual(seconds);
      const refusal = await outcome(throttle.begin(attempt('ada')));
      expect(refusal).toBeInstanceOf(TooManyAttemptsError);
      expect((refusal as TooManyAttemptsError).retryAfterSeconds).toBe(left);
      await unlock();
    }
  });

  it('says what the limit is in the fields of the draft on RateLimit headers', async () => {
    for (let i = 0; i < 5; i += 1) await fail('ada');
    const refusal = (await outcome(throttle.begin(attempt('ada')))) as TooManyAttemptsError;
    expect(refusal.toProblem().headers).toEqual({
      'Retry-After': '30',
      'RateLimit-Policy': '"account";q=5;w=86400',
      RateLimit: '"account";r=0;t=30',
    });
  });

  it('counts every account for itself, and forgets its failures after a success', async () => {
    for (let i = 0; i < 4; i += 1) await fail('ada');
    await (await throttle.begin(attempt('ada'))).succeeded();
    for (let i = 0; i < 4; i += 1) await fail('ada');
    await fail('bob');
    expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
  });

  it('does not count attempts that nobody finished', async () => {
    for (let i = 0; i < 20; i += 1) await throttle.begin(attempt('ada'));
    expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
  });

  it('answers no more guesses that are sent at once than guesses sent one by one', async () => {
    const begun: ThrottledAttempt[] = [];
    for (let i = 0; i < 20; i += 1) begun.push(await throttle.begin(attempt('ada')));
    const right = begun.pop() as ThrottledAttempt;
    const answers = await Promise.all(begun.map((one) => outcome(one.failed())));
    expect(answers.filter((answer) => answer === 'passes')).toHaveLength(5);
    // The right password among them looks like the rest.
    expect(await outcome(right.succeeded())).toBeInstanceOf(TooManyAttemptsError);
  });

  it('lets the right password in after the lock, whatever was counted before', async () => {
    for (let i = 0; i < 6; i += 1) {
      await fail('ada');
      await unlock();
    }
    await (await throttle.begin(attempt('ada'))).succeeded();
    expect(await client.keys('lk:throttle:account:*')).toEqual([]);
  });

  it('forgets an account on request, and nothing else', async () => {
    for (let i = 0; i < 6; i += 1) {
      await fail('ada');
      await fail('bob', '192.0.2.2');
      if (i < 5) await unlock();
    }
    await throttle.reset('ada');
    expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
    expect(await outcome(throttle.begin(attempt('bob')))).toBeInstanceOf(TooManyAttemptsError);
    for (let i = 0; i < 4; i += 1) await fail('ada');
    expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
    expect(await client.get('lk:throttle:address:192.0.2.1')).toBe('10');
  });

  it('lets many right passwords in at once', async () => {
    const begun = await Promise.all(Array.from({ length: 20 }, () => throttle.begin(attempt('ada'))));
    expect(await Promise.all(begun.map((one) => outcome(one.succeeded())))).toEqual(Array(20).fill('passes'));
  });

  it('limits an address over all accounts, and an IPv6 network as one address', async () => {
    throttle = new RedisLoginThrottle({ client, addressFailures: 3 });
    for (const [i, ip] of ['2001:db8::1', '2001:db8::2', '2001:db8::3'].entries())
      await fail(`account-${i}`, ip);
    const refusal = await outcome(throttle.begin(attempt('ada', '2001:db8::4')));
    expect((refusal as TooManyAttemptsError).policy).toEqual({
      name: 'address',
      quota: 3,
      windowSeconds: 900,
    });
    expect(await outcome(throttle.begin(attempt('ada', '2001:db8:0:1::4')))).toBe('passes');
  });

  it('limits registrations of an address', async () => {
    throttle = new RedisLoginThrottle({ client, registrations: 2 });
    const register = (ip: string) => throttle.begin({ act: 'register', account: 'new', ip });
    await (await register('192.0.2.1')).succeeded();
    await (await register('192.0.2.1')).failed();
    const refusal = await outcome(register('192.0.2.1'));
    expect((refusal as TooManyAttemptsError).policy.name).toBe('register');
    expect(await outcome(register('192.0.2.2'))).toBe('passes');
  });

  it('keeps no e-mail and no key without an end in Redis', async () => {
    for (let i = 0; i < 5; i += 1) await fail('ada@example.com');
    await throttle.begin({ act: 'register', account: 'ada@example.com', ip: '192.0.2.1' });
    const keys = await client.keys('*');
    expect(keys.map((key) => key.split(':').slice(0, 3).join(':')).sort()).toEqual([
      'lk:throttle:account',
      'lk:throttle:address',
      'lk:throttle:lock',
      'lk:throttle:register',
    ]);
    for (const key of keys) {
      expect(key).not.toContain('ada');
      expect(await client.ttl(key)).toBeGreaterThan(0);
    }
  });

  it('lets nobody in uncounted when Redis is away', async () => {
    const begun = await throttle.begin(attempt('ada'));
    client.disconnect();
    for (const step of [throttle.begin(attempt('ada')), begun.failed(), begun.succeeded()]) {
      expect(await outcome(step)).toBeInstanceOf(SessionStoreUnavailableError);
    }
  });
});
