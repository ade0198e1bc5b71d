import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AUTH_OPTIONS, RedisLoginThrottle, type ResolvedAuthOptions } from '../src/auth/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { type AuthHost, startAuthHost } from './support/auth-host.js';
import { type Answer, BearerClient, CookieClient } from './support/clients.js';
import { deleteKeys } from './support/delete-keys.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const EMAIL = 'ada@example.com';
const NOBODY = 'nobody@example.com';

/** An answer without what differs between any two. */
function bare({ status, headers, body }: Answer): unknown {
  const { requestId, ...rest } = body as Record<string, unknown>;
  expect(requestId).toEqual(expect.any(String));
  const kept = [...headers].filter(([name]) => !['date', 'x-request-id'].includes(name));
  return { status, headers: kept, body: rest };
}

describe('a login that is refused for too many attempts', () => {
  let app: TestApp;
  let redis: Redis;

  beforeAll(async () => {
    app = await startApp({ env: { THROTTLE_ADDRESS_FAILURES: '12' } });
    redis = app.redis.client();
    await app.createUser({ email: EMAIL });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    await deleteKeys(redis, 'lk:throttle:*');
  });
  afterEach(() => void jest.restoreAllMocks());

  const login = (email: string, password: string) =>
    new CookieClient(app.url).post('/auth/login', { email, password });
  const fail = async (email: string, times: number) => {
    for (let i = 0; i < times; i += 1) expect((await login(email, 'wrong')).status).toBe(401);
  };
  /** Makes what is left of every limit the same, so that `Retry-After` can be compared. */
  const alignClocks = async () => {
    for (const key of await redis.keys('lk:throttle:*')) await redis.pexpire(key, 19_500);
  };

  it.each<[string, () => Promise<unknown>, RegExp]>([
    [
      'a lock',
      async () => {
        await fail(EMAIL, 5);
        await fail(NOBODY, 5);
        await alignClocks();
      },
      /^"account";r=0;t=20$/,
    ],
    [
      'a stop',
      async () => {
        await fail(EMAIL, 1);
        await fail(NOBODY, 1);
        for (const key of await redis.keys('lk:throttle:{*:failures')) await redis.set(key, 100, 'EX', 9999);
      },
      /^"account";r=0;t=86400$/,
    ],
    [
      'the limit of the address',
      async () => {
        for (let i = 0; i < 12; i += 1) await fail(`person${i}@example.com`, 1);
        await alignClocks();
      },
      /^"address";r=0;t=20$/,
    ],
  ])('is answered with the same bytes whatever it was: %s', async (_, bringAbout, rateLimit) => {
    await bringAbout();
    const { userStore, hasher } = app.app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
    const looks = [
      jest.spyOn(userStore, 'findByEmail'),
      jest.spyOn(userStore, 'findCredentials'),
      jest.spyOn(hasher, 'verify'),
    ];
    const answers = [await login(EMAIL, PASSWORD), await login(EMAIL, 'wrong'), await login(NOBODY, 'wrong')];
    for (const look of looks) expect(look).not.toHaveBeenCalled();
    const [first] = answers as [Answer];
    for (const answer of answers) expect(bare(answer)).toEqual(bare(first));
    expect([first.status, first.body.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
    expect(first.headers.get('content-type')).toBe('application/problem+json');
    expect(first.headers.get('ratelimit')).toMatch(rateLimit);
    expect(first.headers.get('retry-after')).toBe(/t=(\d+)/.exec(first.headers.get('ratelimit') ?? '')?.[1]);
    expect(first.headers.get('ratelimit-policy')).toMatch(/^"\w+";q=\d+;w=\d+$/);
    expect(first.headers.getSetCookie()).toEqual([]);
  });

  it('is counted in the metrics, with its dimension', async () => {
    await fail(EMAIL, 5);
    for (let i = 0; i < 3; i += 1) expect((await login(EMAIL, PASSWORD)).status).toBe(429);
    const { text } = await new BearerClient(app.url).get('/metrics');
    expect(text).toMatch(/^latchkey_throttled_total\{dimension="account"\} \d+$/m);
  });
});

describe('guesses that are sent at once', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AuthHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
    host = await startAuthHost(client, { hashQueueLength: 1_000 });
    await host.call('POST', '/auth/register', { body: { email: EMAIL, password: PASSWORD } });
  });
  afterAll(async () => {
    await host.close();
    await redis.stop();
  });
  beforeEach(async () => {
    await deleteKeys(client, 'lk:throttle:*');
  });

  const login = async (email: string, password: string): Promise<number> => {
    const answer = await host.call('POST', '/auth/login', { body: { email, password } });
    await answer.text();
    return answer.status;
  };

  it('get five answers, 200 of them at one account, and the right password among them none', async () => {
    // The guesses have begun when the first five are judged; the right one waits for its hash behind them.
    const guesses = Array.from({ length: 200 }, () => login(EMAIL, 'wrong'));
    const right = login(EMAIL, PASSWORD);
    const statuses = await Promise.all(guesses);
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
    expect(statuses.filter((status) => status === 429)).toHaveLength(195);
    expect(await right).toBe(429);
  });

  it('get five answers at a name that nobody has', async () => {
    const statuses = await Promise.all(Array.from({ length: 50 }, () => login(NOBODY, 'wrong')));
    expect(statuses.filter((status) => status === 401)).toHaveLength(5);
  });

  it('get no more answers from one address over many accounts', async () => {
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => login(`person${i}@example.com`, 'wrong')),
    );
    const count = (...of: number[]) => statuses.filter((status) => of.includes(status)).length;
    // On a machine that is too busy to say so in time, some are told to come back, whether or not they had been let in.
    expect(count(401)).toBeLessThanOrEqual(100);
    expect(count(401, 503)).toBeGreaterThanOrEqual(100);
    expect(count(401, 429, 503)).toBe(200);
  });

  it('end a session with its fifth answer, and get no sixth', async () => {
    const answer = await host.call('POST', '/auth/login', {
      body: { email: EMAIL, password: PASSWORD, transport: 'bearer' },
    });
    const { token } = (await answer.json()) as { token: string };
    const headers = { authorization: `Bearer ${token}` };
    const guesses = await Promise.all(
      Array.from({ length: 50 }, async () => {
        const guess = await host.call('POST', '/auth/reauthenticate', {
          body: { password: 'wrong' },
          headers,
        });
        return ((await guess.json()) as { code: string }).code;
      }),
    );
    const count = (code: string) => guesses.filter((guess) => guess === code).length;
    expect(count('INVALID_CREDENTIALS')).toBe(4);
    expect(count('SESSION_ENDED')).toBe(1);
    expect((await host.call('GET', '/auth/session', { headers })).status).toBe(401);
  });
});

describe('the address that is counted', () => {
  let redis: TestRedis;
  let proxied = 0;
  const apps: TestApp[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(async () => {
    for (const app of apps) await app.close();
    await redis.stop();
  });

  /** Fails at accounts that nobody has, one each, and says what was answered. */
  const statusesOf = async (trustedProxies: string | undefined, forwarded: string[]): Promise<number[]> => {
    await redis.client().flushall();
    const app = await startApp({
      redis,
      env: {
        THROTTLE_ADDRESS_FAILURES: '3',
        ...(trustedProxies !== undefined && { TRUSTED_PROXIES: trustedProxies }),
      },
    });
    apps.push(app);
    const statuses: number[] = [];
    for (const from of forwarded) {
      const email = `person${(proxied += 1)}@example.com`;
      const headers = { 'x-forwarded-for': from };
      const answer = await new BearerClient(app.url).post(
        '/auth/login',
        { email, password: 'wrong' },
        { headers },
      );
      statuses.push(answer.status);
    }
    return statuses;
  };

  it("is the connection's when no proxy is trusted, whatever X-Forwarded-For says", async () => {
    expect(await statusesOf(undefined, ['203.0.113.1', '203.0.114.1', '203.0.115.1', '203.0.116.1'])).toEqual(
      [401, 401, 401, 429],
    );
  });

  it('is what the trusted proxy saw, whatever the client wrote in front of it', async () => {
    const spoofed = ['203.0.113.1', '203.0.114.1', '203.0.115.1', '203.0.116.1'].map(
      (address) => `${address}, 127.0.0.1, 198.51.100.7`,
    );
    expect(await statusesOf('127.0.0.1', spoofed)).toEqual([401, 401, 401, 429]);
  });

  it('is not changed by the port that some proxies write behind it', async () => {
    const ports = [1, 2, 3, 4].map((port) => `198.51.100.7:5000${port}`);
    expect(await statusesOf('127.0.0.1', ports)).toEqual([401, 401, 401, 429]);
  });

  it('differs between clients of one trusted proxy', async () => {
    const clients = ['198.51.100.1', '198.51.101.1', '198.51.102.1', '198.51.103.1'];
    expect(await statusesOf('127.0.0.1', clients)).toEqual([401, 401, 401, 401]);
  });
});

describe('a login while Redis is away', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ redisMayBreak: true });
    await app.createUser({ email: EMAIL });
  });
  afterAll(() => app.close());

  it.each([
    ['frozen', () => Promise.resolve(app.redis.freeze()), () => Promise.resolve(app.redis.thaw())],
    ['killed', () => app.redis.kill(), () => app.redis.restart()],
  ])('is answered 503 within a second: %s', async (_, takeAway, giveBack) => {
    await takeAway();
    try {
      for (const password of [PASSWORD, 'wrong']) {
        const startMs = performance.now();
        const answer = await new CookieClient(app.url).post('/auth/login', { email: EMAIL, password });
        expect(performance.now() - startMs).toBeLessThan(1_000);
        expect([answer.status, answer.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
        expect(answer.headers.get('retry-after')).toBe('1');
        expect(answer.headers.getSetCookie()).toEqual([]);
      }
    } finally {
      await giveBack();
    }
  });
});

describe('a host that gives its throttle no secrets', () => {
  it('gives out no device token', async () => {
    const redis = await startRedis();
    const client = redis.client();
    const host = await startAuthHost(client, { throttle: new RedisLoginThrottle({ client }) });
    const answer = await host.call('POST', '/auth/register', {
      body: { email: EMAIL, password: PASSWORD, transport: 'bearer' },
    });
    expect(Object.keys((await answer.json()) as object)).toEqual(['user', 'session', 'token']);
    await host.close();
    await redis.stop();
  });
});
