import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Redis } from 'ioredis';
import { crossSiteGuard, type CrossSiteOptions } from '../src/auth/index.js';
import { type AuthHost, type HostSettings, startAuthHost } from './support/auth-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const ACCOUNT = { email: 'ada@example.com', password: 'a password of a host' };
const OVER_TLS = { 'x-forwarded-proto': 'https', 'x-forwarded-for': '203.0.113.7' };

describe('a host application of SessionModule and AuthModule', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AuthHost | undefined;
  let logged: string[];

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client({ commandTimeout: 5_000 });
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    logged = [];
    for (const level of ['error', 'warn'] as const) {
      jest
        .spyOn(Logger.prototype, level)
        .mockImplementation((message: unknown) => void logged.push(`${level}: ${String(message)}`));
    }
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await host?.close();
    host = undefined;
  });

  const start = async (settings: HostSettings) => (host = await startAuthHost(client, {}, settings));
  const trusting = (setting: unknown) => (app: NestExpressApplication) => {
    app.set('trust proxy', setting);
  };
  const register = (app: AuthHost, headers = {}, body = {}) =>
    app.call('POST', '/auth/register', { headers, body: { ...ACCOUNT, ...body } });

  describe('with a Secure cookie and requests that do not look like https', () => {
    const SECURE = { name: '__Host-sid', secure: true };

    it('answers every login 500 INSECURE_TRANSPORT, makes no session, and logs what to do', async () => {
      // The proxy in front ends TLS and says so, but nobody has told Express to believe it.
      const app = await start({ cookie: SECURE });
      // Nobody learns here whether a password is right, or an account is there.
      for (const path of ['/auth/register', '/auth/login', '/auth/login']) {
        const answer = await app.call('POST', path, { headers: OVER_TLS, body: ACCOUNT });
        expect(answer.status).toBe(500);
        expect(answer.headers.getSetCookie()).toEqual([]);
        expect(await answer.json()).toMatchObject({
          code: 'INSECURE_TRANSPORT',
          detail: expect.not.stringMatching(/proxy|cookie/),
        });
      }
      expect(await client.keys('lk:sess:*')).toEqual([]);
      expect(await app.users.findByEmail(ACCOUNT.email)).toBeNull();
      expect(logged.filter((line) => line.startsWith('error:')).join()).toMatch(
        /'trust proxy'.*TRUSTED_PROXIES.*secure: false/,
      );
    });

    it('fails as loudly where a host logs people in itself', async () => {
      const app = await start({ cookie: SECURE });
      const bearer = await register(app, {}, { transport: 'bearer' });
      expect(bearer.status).toBe(201);
      const { user } = (await bearer.json()) as { user: { id: string } };
      const before = await client.keys('lk:sess:*');
      for (const path of ['/external-login', '/passport-login']) {
        const answer = await app.call('POST', path, { body: { userId: user.id } });
        expect(await answer.json()).toMatchObject({ status: 500, code: 'INSECURE_TRANSPORT' });
      }
      expect(await client.keys('lk:sess:*')).toEqual(before);
    });

    it('lets bearer clients in all the same', async () => {
      const app = await start({ cookie: SECURE });
      expect((await register(app, {}, { transport: 'bearer' })).status).toBe(201);
      expect(
        (await app.call('POST', '/auth/login', { body: { ...ACCOUNT, transport: 'bearer' } })).status,
      ).toBe(200);
    });

    it('sets the cookie once the proxy is trusted', async () => {
      const app = await start({ cookie: SECURE, configure: trusting(['127.0.0.1']) });
      const answer = await register(app, OVER_TLS);
      expect(answer.status).toBe(201);
      expect(answer.headers.getSetCookie()[0]).toMatch(/^__Host-sid=.*; Secure/);
      // From somebody who comes past the proxy it is none.
      expect((await app.call('POST', '/auth/login', { body: ACCOUNT })).status).toBe(500);
    });

    it('says why once a minute, not with every login', async () => {
      const app = await start({ cookie: SECURE });
      await register(app);
      logged.length = 0;
      for (let i = 0; i < 3; i++) await register(app);
      // What the filter logs of each, and nothing beside.
      expect(logged).toHaveLength(3);
      expect(logged.every((line) => line.includes('INSECURE_TRANSPORT'))).toBe(true);
    });
  });

  describe('with `trust proxy`', () => {
    it.each<[string, unknown]>([
      ['true', true],
      ['every IPv4 address', ['0.0.0.0/1', '128.0.0.0/1']],
      ['every IPv6 address', ['127.0.0.1', '::/1', '8000::/1']],
      ['a function that says yes', () => true],
    ])('%s does not start, and says what to set instead', async (_name, setting) => {
      await expect(start({ configure: trusting(setting) })).rejects.toThrow(
        /'trust proxy' believes every client.*app\.set\('trust proxy', \[/,
      );
    });

    it.each<[string, unknown]>([
      ['false', false],
      ['a list', ['10.0.0.0/8', '127.0.0.1', 'fd00::/8']],
      ['names of networks', 'loopback, uniquelocal'],
      ['a function that knows its proxies', (address: string) => address === '127.0.0.1'],
    ])('%s starts without a word', async (_name, setting) => {
      await start({ configure: trusting(setting) });
      expect(logged).toEqual([]);
    });

    it('a number of hops starts with a warning', async () => {
      await start({ configure: trusting(1) });
      expect(logged).toEqual([expect.stringMatching(/^warn: .*number of hops/)]);
    });
  });

  describe('with the cross-site guard', () => {
    const ORIGIN = 'https://app.example.com';
    const guarded = (options: Partial<CrossSiteOptions> = {}) =>
      start({
        configure: (app) => {
          app.use(crossSiteGuard({ origins: [ORIGIN], cookieName: 'sid', ...options }));
        },
      });
    const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code;

    it('refuses what a page of another site makes a browser send, before anything is read', async () => {
      const app = await guarded();
      for (const headers of [
        { origin: 'https://evil.example' },
        { origin: 'null' },
        { origin: `${ORIGIN}.evil.example` },
        { 'sec-fetch-site': 'cross-site' },
        { cookie: 'sid=whatever' },
      ]) {
        const answer = await register(app, headers);
        expect(answer.status).toBe(403);
        expect(await codeOf(answer)).toBe('CROSS_SITE_REQUEST');
      }
      expect(await app.users.findByEmail(ACCOUNT.email)).toBeNull();
    });

    it('lets its own front end, other programs and reading through', async () => {
      const app = await guarded();
      expect((await register(app, { origin: ORIGIN })).status).toBe(201);
      expect((await app.call('POST', '/auth/login', { body: ACCOUNT })).status).toBe(200);
      expect(
        (await app.call('GET', '/greeting', { headers: { origin: 'https://evil.example' } })).status,
      ).toBe(200);
    });

    it('takes the old cookie of a takeover for one of a browser, too', async () => {
      const app = await guarded({ legacyCookieName: 'connect.sid' });
      expect((await register(app, { cookie: 'connect.sid=whatever' })).status).toBe(403);
    });

    it('can ask a function about origins', async () => {
      const app = await guarded({ origins: (origin) => origin.endsWith('.example.com') });
      expect((await register(app, { origin: 'https://b.example.com' })).status).toBe(201);
      expect((await register(app, { origin: 'https://b.example.org' })).status).toBe(403);
    });

    it.each([
      [[]],
      [['*']],
      [['https://app.example.com/']],
      [['app.example.com']],
      [['https://APP.example.com']],
    ])('cannot be made with the origins %j, which no browser sends', (origins) => {
      expect(() => crossSiteGuard({ origins })).toThrow(/origins must name at least one origin/);
    });
  });
});
