import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import {
  type LoginAttempt,
  RedisLoginThrottle,
  type RedisLoginThrottleOptions,
  type ThrottledAttempt,
  TooManyAttemptsError,
} from '../src/auth/index.js';
import { SessionStoreUnavailableError } from '../src/session/index.js';
import { deleteKeys } from './support/delete-keys.js';
import { commandsDuring } from './support/redis-commands.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const SECRETS = ['a-secret-of-the-throttle-tests-only', 'an-older-secret-of-the-throttle-tests'];
const DAY = 86_400;

const attempt = (account: string, ip = '192.0.2.1'): LoginAttempt => ({ act: 'login', account, ip });

describe('RedisLoginThrottle', () => {
  let redis: TestRedis;
  let client: Redis;
  let throttle: RedisLoginThrottle;

  const outcome = async (step: Promise<unknown>): Promise<unknown> =>
    step.then(() => 'passes').catch((error: unknown) => error);
  const refusal = async (step: Promise<unknown>): Promise<TooManyAttemptsError> => {
    const error = await outcome(step);
    expect(error).toBeInstanceOf(TooManyAttemptsError);
    return error as TooManyAttemptsError;
  };
  const withOptions = (options: Partial<RedisLoginThrottleOptions> = {}) =>
    new RedisLoginThrottle({ client, secrets: SECRETS, ...options });
  const fail = async (account: string, ip?: string) => (await throttle.begin(attempt(account, ip))).failed();
  const succeed = async (account: string, deviceToken?: string) =>
    (await throttle.begin({ ...attempt(account), deviceToken })).succeeded();
  /** Ends every lock, as time does. */
  const unlock = () => deleteKeys(client, 'lk:throttle:*:lock');
  const keyOf = async (pattern: string): Promise<string> => (await client.keys(pattern))[0] ?? '';

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    client = redis.client();
    await client.flushall();
    throttle = withOptions();
  });
  afterEach(() => void client.disconnect());

  describe('counting an account', () => {
    it('locks it from the fifth failure on, twice as long each time, at most an hour', async () => {
      for (let i = 0; i < 4; i += 1) await fail('ada');
      expect(await client.keys('lk:throttle:*:lock')).toEqual([]);
      for (const seconds of [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]) {
        await fail('ada');
        const left = await client.ttl(await keyOf('lk:throttle:*:lock'));
        expect(left).toBeGreaterThan(seconds - 2);
        expect(left).toBeLessThanOrEqual(seconds);
        expect((await refusal(throttle.begin(attempt('ada')))).retryAfterSeconds).toBe(left);
        await unlock();
      }
    });

    it('says what the limit is in the fields of the draft on RateLimit headers', async () => {
      for (let i = 0; i < 5; i += 1) await fail('ada');
      expect((await refusal(throttle.begin(attempt('ada')))).toProblem().headers).toEqual({
        'Retry-After': '30',
        'RateLimit-Policy': '"account";q=5;w=86400',
        RateLimit: '"account";r=0;t=30',
      });
    });

    it('counts every account for itself, and forgets its failures after a success', async () => {
      for (let i = 0; i < 4; i += 1) await fail('ada');
      await succeed('ada');
      for (let i = 0; i < 4; i += 1) await fail('ada');
      await fail('bob');
      expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
    });

    it('remembers failures a day longer with each, so that patience does not pay', async () => {
      for (let days = 1; days <= 4; days += 1) {
        await fail('ada');
        const ttl = await client.ttl(await keyOf('lk:throttle:*:failures'));
        expect(ttl).toBeGreaterThan(days * DAY - 5);
        expect(ttl).toBeLessThanOrEqual(days * DAY);
      }
    });

    it('does not count attempts that nobody finished', async () => {
      for (let i = 0; i < 20; i += 1) await throttle.begin(attempt('ada'));
      expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
    });

    it('lets the right password in after the lock, whatever was counted before', async () => {
      for (let i = 0; i < 6; i += 1) {
        await fail('ada');
        await unlock();
      }
      await succeed('ada');
      expect(await client.keys('lk:throttle:{*')).toEqual([]);
    });

    it('stops after 100 failures in a row, until it is reset', async () => {
      for (let i = 0; i < 99; i += 1) {
        await fail('ada', `192.0.${i}.1`);
        await unlock();
      }
      await fail('ada', '198.51.100.1');
      await unlock();
      const stopped = await refusal(throttle.begin(attempt('ada', '198.51.100.2')));
      expect(stopped.policy.name).toBe('account');
      expect(stopped.retryAfterSeconds).toBe(DAY);
      expect(stopped.message).toMatch(/unlocked/);
      expect(await client.ttl(await keyOf('lk:throttle:{*:failures'))).toBeGreaterThan(364 * DAY);
      await throttle.reset('ada');
      expect(await outcome(throttle.begin(attempt('ada', '198.51.100.2')))).toBe('passes');
    });

    it('forgets an account on request, and nothing else', async () => {
      for (let i = 0; i < 6; i += 1) {
        await fail('ada');
        await fail('bob', '198.51.100.2');
        if (i < 5) await unlock();
      }
      await throttle.reset('ada');
      expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
      await refusal(throttle.begin(attempt('bob')));
      expect(await client.get('lk:throttle:address:192.0.2.1')).toBe('6');
    });
  });

  describe('judging what was let in together', () => {
    const begunTogether = async (count: number, attempts: (i: number) => LoginAttempt) =>
      Promise.all(Array.from({ length: count }, (_, i) => throttle.begin(attempts(i))));
    const verdicts = async (begun: ThrottledAttempt[]): Promise<number> => {
      const answers = await Promise.all(begun.map((one) => outcome(one.failed())));
      return answers.filter((answer) => answer === 'passes').length;
    };

    it('answers no more guesses at an account than if they came one by one, and locks it no longer', async () => {
      const begun = await begunTogether(200, (i) => attempt('ada', `192.0.${i}.1`));
      const right = begun.pop() as ThrottledAttempt;
      expect(await verdicts(begun)).toBe(5);
      // The right password among them looks like the rest, and leaves no trace.
      expect((await refusal(right.succeeded())).policy.name).toBe('account');
      expect(await client.get(await keyOf('lk:throttle:{*:failures'))).toBe('5');
      const lock = await client.ttl(await keyOf('lk:throttle:{*:lock'));
      expect([lock > 28, lock <= 30]).toEqual([true, true]);
      // Each has cost a hash: where it came from, it counts.
      expect(await client.get('lk:throttle:service')).toBe('199');
    });

    it('answers none that waited for longer than the lock that the others brought about', async () => {
      const begun = await begunTogether(20, () => attempt('ada'));
      const slow = begun.splice(10);
      await verdicts(begun);
      await unlock();
      expect(await verdicts(slow)).toBe(0);
    });

    it('answers one guess when a lock has ended, however many come at once', async () => {
      for (let i = 0; i < 5; i += 1) await fail('ada');
      await unlock();
      expect(await verdicts(await begunTogether(50, () => attempt('ada')))).toBe(1);
    });

    it('answers no more guesses from an address, over all accounts, and no right one among them', async () => {
      const begun = await begunTogether(200, (i) => attempt(`account-${i}`));
      const right = begun.splice(190);
      expect(await verdicts(begun)).toBe(100);
      for (const one of right) expect((await refusal(one.succeeded())).policy.name).toBe('address');
    });

    it('lets many right passwords in at once', async () => {
      const begun = await begunTogether(20, () => attempt('ada'));
      expect(await Promise.all(begun.map((one) => outcome(one.succeeded())))).toEqual(
        Array(20).fill('passes'),
      );
    });
  });

  describe('counting where attempts come from', () => {
    it('limits an address, and the /64 of an IPv6 address as one', async () => {
      throttle = withOptions({ addressFailures: 3 });
      for (const [i, ip] of ['2001:db8::1', '2001:db8::2', '2001:db8::3'].entries())
        await fail(`account-${i}`, ip);
      const refused = await refusal(throttle.begin(attempt('ada', '2001:db8::4')));
      expect(refused.policy).toEqual({ name: 'address', quota: 3, windowSeconds: 900 });
      expect(refused.retryAfterSeconds).toBeGreaterThan(895);
      expect(await outcome(throttle.begin(attempt('ada', '2001:db8:0:1::4')))).toBe('passes');
    });

    it.each([
      ['/24', (i: number) => `192.0.2.${i}`, '192.0.2.99', '192.0.3.1'],
      ['/48', (i: number) => `2001:db8:0:${i}::1`, '2001:db8:0:99::1', '2001:db8:1::1'],
    ])('limits a network: %s', async (_, address, inside, outside) => {
      throttle = withOptions({ networkFailures: 3 });
      for (let i = 0; i < 3; i += 1) await fail(`account-${i}`, address(i));
      expect((await refusal(throttle.begin(attempt('ada', inside)))).policy).toEqual({
        name: 'network',
        quota: 3,
        windowSeconds: 900,
      });
      expect(await outcome(throttle.begin(attempt('ada', outside)))).toBe('passes');
    });

    it('limits the whole service, for strangers', async () => {
      const { deviceToken } = await succeed('ada');
      throttle = withOptions({ serviceFailures: 3 });
      for (let i = 0; i < 3; i += 1) await fail(`account-${i}`, `192.0.${i}.1`);
      const refused = await refusal(throttle.begin(attempt('ada', '198.51.100.1')));
      expect(refused.policy).toEqual({ name: 'service', quota: 3, windowSeconds: 60 });
      expect(await outcome(throttle.begin({ ...attempt('ada'), deviceToken }))).toBe('passes');
    });

    it('tells the reason that lasts longest', async () => {
      throttle = withOptions({ addressFailures: 5 });
      for (let i = 0; i < 5; i += 1) await fail('ada');
      expect((await refusal(throttle.begin(attempt('ada')))).policy.name).toBe('address');
    });

    it('limits registrations of an address and of its network, however they end', async () => {
      throttle = withOptions({ registrations: 2, networkRegistrations: 3 });
      const register = (ip: string) => throttle.begin({ act: 'register', account: 'new', ip });
      await (await register('192.0.2.1')).succeeded();
      await (await register('192.0.2.1')).failed();
      for (let i = 0; i < 3; i += 1) {
        expect((await refusal(register('192.0.2.1'))).policy.name).toBe('register');
      }
      // What was refused has used up nothing of the neighbours'.
      expect(await outcome(register('192.0.2.2'))).toBe('passes');
      expect((await refusal(register('192.0.2.2'))).policy).toEqual({
        name: 'register-network',
        quota: 3,
        windowSeconds: 3600,
      });
      expect(await outcome(register('198.51.100.1'))).toBe('passes');
    });

    it('keeps nothing of an e-mail whose registration is refused for where it came from', async () => {
      throttle = withOptions({ registrations: 1, mails: 2 });
      const register = (account: string, ip: string) => throttle.begin({ act: 'register', account, ip });
      await register('first', '192.0.2.1');
      const before = (await client.keys('lk:throttle:*')).length;
      for (const account of ['a', 'b', 'c', 'c', 'c']) await refusal(register(account, '192.0.2.1'));
      expect(await client.keys('lk:throttle:*')).toHaveLength(before);
      expect(await outcome(register('c', '198.51.100.1'))).toBe('passes');
    });

    it('limits what may send mails to one e-mail, whoever asks, and no login by it', async () => {
      throttle = withOptions({ mails: 3 });
      const ask = (act: 'register' | 'request-reset', i: number, account = 'ada') =>
        throttle.begin({ act, account, ip: `192.0.${i}.1` });
      await ask('register', 1);
      await ask('request-reset', 2);
      await ask('register', 3);
      for (const act of ['register', 'request-reset'] as const) {
        expect((await refusal(ask(act, 4))).policy).toEqual({ name: 'mail', quota: 3, windowSeconds: 3600 });
      }
      expect(await outcome(ask('register', 5, 'bob'))).toBe('passes');
      expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
      await throttle.reset('ada');
      await refusal(ask('request-reset', 6));
    });

    it('counts requests for a new password apart from registrations', async () => {
      throttle = withOptions({ registrations: 1 });
      const ask = (act: 'register' | 'request-reset', account: string) =>
        throttle.begin({ act, account, ip: '192.0.2.1' });
      await ask('register', 'ada');
      await ask('request-reset', 'bob');
      expect((await refusal(ask('request-reset', 'eve'))).policy.name).toBe('request-reset');
    });

    it('refuses to be made with a limit that is none', () => {
      expect(() => withOptions({ addressFailures: 0, serviceFailures: 1.5, accountFailures: 100 })).toThrow(
        /- addressFailures, serviceFailures, accountFailures: must be whole numbers/,
      );
      expect(() => withOptions({ secrets: ['short'] })).toThrow(/secrets/);
    });
  });

  describe('knowing devices', () => {
    const failOn = async (deviceToken: string | undefined, more: Partial<LoginAttempt> = {}) =>
      (await throttle.begin({ ...attempt('ada'), deviceToken, ...more })).failed();
    const lockedOut = async () => {
      for (let i = 0; i < 5; i += 1) await fail('ada', '198.51.100.1');
      await refusal(throttle.begin(attempt('ada', '198.51.100.1')));
    };

    it('lets a known device in while strangers keep the account locked or stopped', async () => {
      const { deviceToken } = await succeed('ada');
      await lockedOut();
      await client.set(await keyOf('lk:throttle:{*:failures'), 100, 'KEEPTTL');
      await succeed('ada', deviceToken);
      // The owner's login is no reason to let strangers go on.
      await refusal(throttle.begin(attempt('ada')));
    });

    it('counts the failures of a known device for that device only, with the same back-off', async () => {
      const { deviceToken } = await succeed('ada');
      const { deviceToken: other } = await succeed('ada');
      for (let i = 0; i < 5; i += 1) await failOn(deviceToken);
      const refused = await refusal(throttle.begin({ ...attempt('ada'), deviceToken }));
      expect([refused.policy.name, refused.retryAfterSeconds]).toEqual(['device', 30]);
      expect(await client.keys('lk:throttle:address:*')).toEqual([]);
      expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
      if (other?.charAt(4) !== deviceToken?.charAt(4))
        expect(await outcome(throttle.begin({ ...attempt('ada'), deviceToken: other }))).toBe('passes');
    });

    it('answers no more guesses of a known device that are sent at once', async () => {
      const { deviceToken } = await succeed('ada');
      const begun = await Promise.all(
        Array.from({ length: 50 }, () => throttle.begin({ ...attempt('ada'), deviceToken })),
      );
      const answers = await Promise.all(begun.map((one) => outcome(one.failed())));
      expect(answers.filter((answer) => answer === 'passes')).toHaveLength(5);
    });

    it('keeps the id of a device over its logins', async () => {
      const { deviceToken } = await succeed('ada');
      const { deviceToken: renewed } = await succeed('ada', deviceToken);
      expect(renewed?.split('.')[0]).toBe(deviceToken?.split('.')[0]);
    });

    it('takes a device with 100 failures in a row for a stranger', async () => {
      const { deviceToken } = await succeed('ada');
      await failOn(deviceToken);
      await client.set(await keyOf('lk:throttle:*:device:*:failures'), 100, 'KEEPTTL');
      await failOn(deviceToken);
      expect(await client.get('lk:throttle:address:192.0.2.1')).toBe('1');
    });

    it.each<[string, (token: string) => string]>([
      ['nothing of ours', () => 'lkd_forged'],
      ['a long text', () => 'x'.repeat(10_000)],
      ['a token with another signature', (token) => `${token.slice(0, -2)}AA`],
      ['a token with another id', (token) => token.replace(/^lkd_./, 'lkd_.')],
      ['a token that claims to be younger', (token) => token.replace(/\.(\w+)\./, '.zzzzzzzz.')],
      ['an empty one', () => ''],
    ])('takes %s for an unknown device, and nothing worse', async (_, change) => {
      const { deviceToken = '' } = await succeed('ada');
      await lockedOut();
      await refusal(throttle.begin({ ...attempt('ada'), deviceToken: change(deviceToken) }));
    });

    it("takes another account's device for an unknown one", async () => {
      const { deviceToken } = await succeed('bob');
      await lockedOut();
      await refusal(throttle.begin({ ...attempt('ada'), deviceToken }));
    });

    it('knows a device under an older secret of the ring, and under no other', async () => {
      const { deviceToken } = await withOptions({ secrets: [SECRETS[1] as string] })
        .begin(attempt('ada'))
        .then((begun) => begun.succeeded());
      await lockedOut();
      await succeed('ada', deviceToken);
      throttle = withOptions({ secrets: [SECRETS[0] as string] });
      await refusal(throttle.begin({ ...attempt('ada'), deviceToken }));
    });

    it('forgets every device of an account on request, but the one it answers to', async () => {
      const { deviceToken } = await succeed('ada');
      const { deviceToken: ofBob } = await succeed('bob');
      const underWay = await throttle.begin(attempt('ada'));
      const { deviceToken: renewed } = await throttle.forgetDevices('ada');
      await lockedOut();
      const { deviceToken: late } = await underWay.succeeded().catch(() => ({ deviceToken: undefined }));
      for (const forgotten of [deviceToken, late])
        await refusal(throttle.begin({ ...attempt('ada'), deviceToken: forgotten }));
      await succeed('ada', renewed);
      for (let i = 0; i < 5; i += 1) await fail('bob');
      await succeed('bob', ofBob);
    });

    it('does not know a device whose login began before it was to forget them', async () => {
      const underWay = await throttle.begin(attempt('ada'));
      await throttle.forgetDevices('ada');
      const { deviceToken } = await underWay.succeeded();
      await lockedOut();
      await refusal(throttle.begin({ ...attempt('ada'), deviceToken }));
    });

    it('forgets a device after a year', async () => {
      const { deviceToken = '' } = await succeed('ada');
      await lockedOut();
      const year = 365 * DAY * 1000;
      const { signDeviceToken } = await import('../src/auth/throttle/device-token.js');
      const [seconds] = await client.time();
      const aged = (ms: number) =>
        signDeviceToken(
          'ada',
          { id: deviceToken.slice(4, 16), issuedMs: Number(seconds) * 1000 - ms },
          SECRETS[0] as string,
        );
      await refusal(throttle.begin({ ...attempt('ada'), deviceToken: aged(year) }));
      await succeed('ada', aged(year - 60_000));
    });

    it('knows none without secrets', async () => {
      throttle = withOptions({ secrets: [] });
      expect(await succeed('ada')).toEqual({});
      expect(await throttle.forgetDevices('ada')).toEqual({});
    });

    it('keeps a bounded number of counters, however many devices an account has', async () => {
      for (let i = 0; i < 300; i += 1) {
        const { deviceToken } = await succeed('ada');
        await outcome(failOn(deviceToken));
      }
      const counters = await client.keys('lk:throttle:*:device:*:failures');
      expect(counters.length).toBeGreaterThan(32);
      expect(counters.length).toBeLessThanOrEqual(64);
      await throttle.reset('ada');
      expect(await client.keys('lk:throttle:{*:device:*')).toEqual([]);
    });

    it('counts what is guessed inside a session for the account too, and ends the session at the fifth', async () => {
      const { deviceToken } = await succeed('ada');
      const inside = { act: 'reauthenticate', sessionId: 'handle' } as const;
      for (let i = 0; i < 4; i += 1) expect(await failOn(deviceToken, inside)).toEqual({ endSession: false });
      expect(await failOn(deviceToken, inside)).toEqual({ endSession: true });
      await refusal(throttle.begin(attempt('ada')));
    });
  });

  it('keeps no e-mail and no key without an end in Redis', async () => {
    const { deviceToken } = await succeed('ada@example.com');
    for (let i = 0; i < 5; i += 1) await fail('ada@example.com');
    for (let i = 0; i < 5; i += 1)
      await (await throttle.begin({ ...attempt('ada@example.com'), deviceToken, sessionId: 's' })).failed();
    await throttle.forgetDevices('ada@example.com');
    await throttle.begin({ act: 'register', account: 'ada@example.com', ip: '192.0.2.1' });
    const keys = await client.keys('*');
    const kinds = keys.map((key) => key.replace(/\{[\w-]{22}\}/, '{}').replace(/device:./, 'device:'));
    expect(kinds.sort()).toEqual([
      'lk:throttle:address:192.0.2.1',
      'lk:throttle:network:192.0.2.0/24',
      'lk:throttle:register-network:192.0.2.0/24',
      'lk:throttle:register:192.0.2.1',
      'lk:throttle:service',
      'lk:throttle:{}:device::failures',
      'lk:throttle:{}:device::lock',
      'lk:throttle:{}:failures',
      'lk:throttle:{}:forgotten',
      'lk:throttle:{}:lock',
      'lk:throttle:{}:mails',
      'lk:throttle:{}:session:s',
    ]);
    for (const key of keys) {
      expect(key).not.toContain('ada');
      expect(await client.ttl(key)).toBeGreaterThan(0);
    }
  });

  it('gives a counter that has lost its end another one', async () => {
    throttle = withOptions({ addressFailures: 3 });
    await client.set('lk:throttle:address:192.0.2.1', 1);
    await fail('ada');
    expect(await client.ttl('lk:throttle:address:192.0.2.1')).toBeGreaterThan(895);
  });

  it('lets nobody in uncounted when Redis is away', async () => {
    const begun = await throttle.begin(attempt('ada'));
    client.disconnect();
    for (const step of [
      throttle.begin(attempt('ada')),
      begun.failed(),
      begun.succeeded(),
      throttle.reset('ada'),
      throttle.forgetDevices('ada'),
    ]) {
      expect(await outcome(step)).toBeInstanceOf(SessionStoreUnavailableError);
    }
  });

  it('answers no guess that it cannot count when Redis is full', async () => {
    const begun = await throttle.begin(attempt('ada'));
    await client.config('SET', 'maxmemory', '1');
    try {
      expect(await outcome(begun.failed())).toBeInstanceOf(SessionStoreUnavailableError);
      expect(await outcome(throttle.begin(attempt('ada')))).toBe('passes');
      expect(await outcome(begun.succeeded())).toBe('passes');
    } finally {
      await client.config('SET', 'maxmemory', '0');
    }
  });

  it('sends the commands that docs/session-format.md says', async () => {
    const steps: string[][] = [];
    for (let round = 0; round < 2; round += 1) {
      // The second round: scripts are loaded by then.
      steps.length = 0;
      let begun: ThrottledAttempt | undefined;
      const step = async (act: () => Promise<unknown>) =>
        void steps.push((await commandsDuring(redis, act)).map((command) => command.split(' ')[0] as string));
      await step(async () => (begun = await throttle.begin(attempt('ada'))));
      await step(() => (begun as ThrottledAttempt).failed());
      const again = await throttle.begin(attempt('ada'));
      await step(() => again.succeeded());
      await step(() => throttle.forgetDevices('ada'));
      await step(() => throttle.reset('ada'));
      await step(() => throttle.begin({ act: 'register', account: 'ada', ip: '192.0.2.1' }));
    }
    const scripts = (count: number) => Array(count).fill('evalsha');
    expect(steps).toEqual([scripts(4), scripts(4), scripts(4), scripts(1), ['unlink'], scripts(3)]);
  });
});
