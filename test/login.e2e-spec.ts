import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditTrail } from '../src/audit/index.js';
import { SESSION_STORE, type RedisSessionStore } from '../src/session/index.js';
import { signCookie } from '../src/session/token/signed-cookie.js';
import { newSessionToken } from '../src/session/token/session-id.js';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { type Answer, BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, dump, storedIndexes, storedSessions } from './support/stored-sessions.js';

const MINUTE = 60_000;
const EMAIL = 'ada@example.com';

describe('POST /auth/login', () => {
  let app: TestApp;
  let redis: Redis;
  let userId: string;

  const browser = () => new CookieClient(app.url);
  const login = (credentials: Record<string, unknown> = {}, client = browser()) =>
    client.post('/auth/login', { email: EMAIL, password: PASSWORD, ...credentials });
  const lastEvent = async () =>
    (await app.app.get(AuditTrail, { strict: false }).list({ limit: 1 })).items[0];

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
    userId = (await app.createUser({ email: EMAIL, displayName: 'Ada' })).id;
    const { id } = await app.createUser({ email: 'disabled@example.com' });
    await app.app.get(UsersService, { strict: false }).update(id, { disabled: true });
  });
  afterAll(() => app.close());
  afterEach(() => clearSessions(redis));

  describe('with the right password', () => {
    it('answers the user and the session, and nothing else', async () => {
      const answer = await login();
      expect(answer.status).toBe(200);
      expect(answer.headers.get('cache-control')).toBe('no-store');
      expect(answer.body.user).toEqual({
        id: userId,
        email: EMAIL,
        displayName: 'Ada',
        roles: [],
        disabled: false,
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      });
      expect(Object.keys(answer.body)).toEqual(['user', 'session']);
      const { session } = answer.body;
      expect(session).toMatchObject({ current: true, ip: '127.0.0.1' });
      expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(30 * MINUTE);
      expect(Date.parse(session.absoluteExpiresAt) - Date.parse(session.createdAt)).toBe(720 * MINUTE);
      // One is the program's reading of Redis's clock, the other Redis's own.
      expect(Math.abs(Date.parse(session.authenticatedAt) - Date.parse(session.createdAt))).toBeLessThan(
        1000,
      );
    });

    it('sets one session cookie, first: signed, HttpOnly, Lax, of this host and of every path', async () => {
      const cookies = (await login()).headers.getSetCookie();
      expect(cookies.map((cookie) => cookie.split('=', 1)[0])).toEqual(['sid', 'did']);
      const [pair, ...attributes] = (cookies[0] ?? '').split('; ');
      expect(pair).toMatch(/^sid=s%3A[\w-]{16}\.[\w-]{32}\.[\w%-]+$/);
      expect(attributes.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax']);
    });

    it('takes the e-mail in any spelling', async () => {
      expect((await login({ email: '  ADA@Example.com ' })).status).toBe(200);
    });

    it('stores the session hashed and indexed, with the idle timeout as its TTL', async () => {
      const client = browser();
      await login({}, client);
      const [session] = await storedSessions(redis);
      const [index] = await storedIndexes(redis);
      expect(await storedSessions(redis)).toHaveLength(1);
      expect(session?.ttlMs).toBeGreaterThan(29 * MINUTE);
      expect(session?.ttlMs).toBeLessThanOrEqual(30 * MINUTE);
      expect(session?.body).toMatchObject({ passport: { user: { id: userId, email: EMAIL } } });
      expect(index?.members).toEqual([session?.digest]);
      expect(index?.ttlMs).toBeGreaterThan(719 * MINUTE);
      const token = decodeURIComponent((await client.cookie()) ?? '')
        .slice(2)
        .split('.')
        .slice(0, 2)
        .join('.');
      const stored = await dump(redis);
      expect(stored).toContain(session?.digest);
      for (const secret of [token, token.split('.')[1] ?? token, PASSWORD, 'argon2'])
        expect(stored).not.toContain(secret);
    });

    it('gives a new id to who is logged in already, and ends the old session', async () => {
      const client = browser();
      await login({}, client);
      const old = await client.cookie();
      await login({}, client);
      expect(await client.cookie()).not.toBe(old);
      const answer = await client.get('/auth/session', { headers: { cookie: `sid=${old}` } });
      expect(answer.status).toBe(401);
      expect(await storedSessions(redis)).toHaveLength(1);
    });

    it('gives a new id to an anonymous session and carries its cart over, and nothing else of it', async () => {
      const cookie = await anonymousCookie({ cart: ['tea'], roles: ['admin'] });
      const answer = await browser().post(
        '/auth/login',
        { email: EMAIL, password: PASSWORD },
        { headers: { cookie } },
      );
      expect(answer.status).toBe(200);
      const [session, ...others] = await storedSessions(redis);
      expect(others).toEqual([]);
      expect(session?.body).toMatchObject({ cart: ['tea'] });
      expect(session?.body).not.toHaveProperty('roles');
      const again = await browser().get('/auth/session', { headers: { cookie } });
      expect(again.status).toBe(401);
    });

    it('does not carry over what another user had', async () => {
      await app.createUser({ email: 'bob@example.com' });
      const client = browser();
      await login({}, client);
      const [before] = await storedSessions(redis);
      await setCart(before?.key ?? '');
      await login({ email: 'bob@example.com' }, client);
      const [after] = await storedSessions(redis);
      expect(after?.body).toMatchObject({ passport: { user: { email: 'bob@example.com' } } });
      expect(after?.body).not.toHaveProperty('cart');
    });

    it('gives mobile clients a token in the body, and no cookie', async () => {
      const client = new BearerClient(app.url);
      const answer = await client.login({ email: EMAIL, password: PASSWORD });
      expect(answer.status).toBe(200);
      expect(answer.body.token).toMatch(/^lk_[\w-]{16}\.[\w-]{32}\.[\w-]+$/);
      expect(answer.headers.getSetCookie()).toEqual([]);
      const { createdAt, expiresAt, absoluteExpiresAt } = answer.body.session;
      expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(14 * 1440 * MINUTE);
      expect(Date.parse(absoluteExpiresAt) - Date.parse(createdAt)).toBe(30 * 1440 * MINUTE);
      const [session] = await storedSessions(redis);
      expect(session?.ttlMs).toBeGreaterThan(14 * 1440 * MINUTE - MINUTE);
      expect(await dump(redis)).not.toContain(answer.body.token.slice(3, 52));
    });

    it('stays with the transport of a request that says none', async () => {
      const answer = await new BearerClient(app.url, 'lk_stale').post('/auth/login', {
        email: EMAIL,
        password: PASSWORD,
      });
      expect(answer.status).toBe(200);
      expect(answer.body).toHaveProperty('token');
      expect(answer.headers.getSetCookie()).toEqual([]);
    });

    it('refuses a cookie to a request with a bearer token', async () => {
      const credentials = { email: EMAIL, password: PASSWORD, transport: 'cookie' };
      const answer = await new BearerClient(app.url, 'lk_stale').post('/auth/login', credentials);
      expect([answer.status, answer.body.code]).toEqual([400, 'AMBIGUOUS_CREDENTIALS']);
    });

    it('ignores a stale cookie', async () => {
      const answer = await browser().post(
        '/auth/login',
        { email: EMAIL, password: PASSWORD },
        { headers: { cookie: 'sid=s%3Ax.y' } },
      );
      expect(answer.status).toBe(200);
    });

    it('holds admins to the shorter lifetimes of both', async () => {
      await app.createUser({ email: 'root@example.com', roles: ['admin'] });
      const { session } = (await login({ email: 'root@example.com' })).body;
      expect(Date.parse(session.expiresAt) - Date.parse(session.createdAt)).toBe(15 * MINUTE);
      expect(Date.parse(session.absoluteExpiresAt) - Date.parse(session.createdAt)).toBe(480 * MINUTE);
    });

    it('records who, how and from where', async () => {
      const { session } = (await login()).body;
      expect(await lastEvent()).toMatchObject({
        type: 'login.succeeded',
        userId,
        actorId: userId,
        sessionId: session.id,
        ip: '127.0.0.1',
        detail: { transport: 'cookie' },
      });
    });
  });

  describe('with wrong credentials', () => {
    const bare = ({ status, headers, body }: Answer) => {
      const { requestId, ...rest } = body as { requestId: string };
      expect(requestId).toBeTruthy();
      const names = [...headers.keys()].filter(
        (name) => !['date', 'x-request-id', 'content-length'].includes(name),
      );
      return { status, headers: names.map((name) => [name, headers.get(name)]), body: rest };
    };

    it('answers the same bytes for every reason, and touches no cookie', async () => {
      const answers = [
        await login({ password: 'not the password' }),
        await login({ email: 'nobody@example.com' }),
        await login({ email: 'disabled@example.com' }),
        await login({ password: 'x'.repeat(5000) }),
        await login({ password: 'lone \ud800 surrogate' }),
        await login({ email: 'nobody@example.com', password: 'x'.repeat(5000) }),
        await login({ email: 'not an e-mail at all' }),
      ].map(bare);
      expect(answers[0]).toMatchObject({ status: 401, body: { code: 'INVALID_CREDENTIALS' } });
      expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
      const { headers } = await login({ password: 'not the password' });
      expect(headers.getSetCookie()).toEqual([]);
      expect(headers.get('www-authenticate')).toBe('Bearer');
      expect(headers.get('cache-control')).toBe('no-store');
      expect(await storedSessions(redis)).toEqual([]);
    });

    it('keeps the session that the request came with', async () => {
      const client = browser();
      await login({}, client);
      expect((await login({ password: 'not the password' }, client)).status).toBe(401);
      expect((await client.get('/auth/session')).status).toBe(200);
    });

    it('records the reason for the trail only', async () => {
      await login({ password: 'not the password' });
      expect(await lastEvent()).toMatchObject({
        type: 'login.failed',
        userId,
        actorId: null,
        detail: { reason: 'wrong-password' },
      });
      await login({ email: 'nobody@example.com' });
      const unknown = await lastEvent();
      expect(unknown).toMatchObject({
        type: 'login.failed',
        userId: null,
        detail: { reason: 'unknown-account' },
      });
      expect(JSON.stringify(unknown)).not.toContain('nobody@');
    });

    it('locks an account after five failures, unknown ones too, also for the right password', async () => {
      for (let i = 0; i < 5; i += 1) {
        expect((await login({ password: 'not the password' })).status).toBe(401);
        expect((await login({ email: 'nobody@example.com' })).status).toBe(401);
      }
      const answers = [
        await login(),
        await login({ password: 'not the password' }),
        await login({ email: 'nobody@example.com' }),
      ];
      expect(new Set(answers.map((answer) => JSON.stringify(bare(answer)))).size).toBe(1);
      const [answer] = answers;
      expect([answer?.status, answer?.body.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
      const seconds = Number(answer?.headers.get('retry-after'));
      expect(seconds).toBeGreaterThan(27);
      expect(seconds).toBeLessThanOrEqual(30);
      expect(answer?.headers.get('ratelimit-policy')).toBe('"account";q=5;w=86400');
      expect(answer?.headers.get('ratelimit')).toBe(`"account";r=0;t=${seconds}`);
      expect(answer?.headers.getSetCookie()).toEqual([]);
      expect(await lastEvent()).toMatchObject({
        type: 'login.throttled',
        userId: null,
        detail: { act: 'login', limit: 'account' },
      });
    });

    it('forgets failures after a success', async () => {
      for (let round = 0; round < 2; round += 1) {
        for (let i = 0; i < 4; i += 1) await login({ password: 'not the password' });
        expect((await login()).status).toBe(200);
      }
      expect(await redis.keys('lk:throttle:{*:failures')).toEqual([]);
    });
  });

  describe('with a body that is not of its form', () => {
    it.each<[string, unknown, string]>([
      ['no password', { email: EMAIL }, 'password'],
      ['an empty password', { email: EMAIL, password: '' }, 'password'],
      ['no e-mail', { password: PASSWORD }, 'email'],
      ['an e-mail of spaces', { email: '  ', password: PASSWORD }, 'email'],
      ['an e-mail with U+0000', { email: 'a\0@example.com', password: PASSWORD }, 'email'],
      ['a password that is no string', { email: EMAIL, password: { $ne: '' } }, 'password'],
      ['another transport', { email: EMAIL, password: PASSWORD, transport: 'url' }, 'transport'],
      ['an unknown field', { email: EMAIL, password: PASSWORD, rememberMe: true }, 'rememberMe'],
    ])('names the place: %s', async (_, body, path) => {
      const answer = await browser().post('/auth/login', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
      expect(answer.body.errors).toEqual([expect.objectContaining({ path })]);
      expect(answer.text).not.toContain(PASSWORD);
    });

    it('takes nothing from the query', async () => {
      const query = new URLSearchParams({ email: EMAIL, password: PASSWORD });
      expect((await browser().post(`/auth/login?${query.toString()}`, {})).status).toBe(400);
    });
  });

  /** The cookie of an anonymous session, made past HTTP. */
  async function anonymousCookie(data: Record<string, unknown>): Promise<string> {
    const store = app.app.get<RedisSessionStore>(SESSION_STORE, { strict: false });
    const token = newSessionToken();
    const session = { cookie: { originalMaxAge: null }, ...data };
    await new Promise<void>((resolve, reject) => {
      void store.set(token, session, (error?: unknown) =>
        error instanceof Error ? reject(error) : resolve(),
      );
    });
    return `sid=${signCookie(token, app.env.sessionSecrets[0] ?? '')}`;
  }

  async function setCart(key: string): Promise<void> {
    const raw = (await redis.get(key)) ?? '';
    await redis.set(key, raw.replace(/\}$/, ',"cart":["tea"]}'), 'KEEPTTL');
  }
});

describe('POST /auth/login of a program with other settings', () => {
  it('names the cookie __Host-sid and marks it Secure behind TLS', async () => {
    const app = await startApp({
      env: { PUBLIC_URL: 'https://app.example.com', TRUSTED_PROXIES: '127.0.0.1' },
    });
    try {
      await app.createUser({ email: EMAIL });
      const headers = {
        origin: 'https://app.example.com',
        'x-forwarded-proto': 'https',
        'x-forwarded-for': '198.51.100.7',
      };
      const client = new BearerClient(app.url);
      const answer = await client.post('/auth/login', { email: EMAIL, password: PASSWORD }, { headers });
      expect(answer.status).toBe(200);
      expect(answer.body.session.ip).toBe('198.51.100.7');
      const [pair, ...attributes] = (answer.headers.getSetCookie()[0] ?? '').split('; ');
      expect(pair).toMatch(/^__Host-sid=s%3A/);
      expect(attributes.sort()).toEqual(['HttpOnly', 'Path=/', 'SameSite=Lax', 'Secure']);
      const out = await client.post('/auth/logout', undefined, {
        headers: { ...headers, cookie: pair ?? '' },
      });
      expect(out.headers.getSetCookie()).toEqual([
        '__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax',
      ]);
    } finally {
      await app.close();
    }
  });

  it('answers 409 with the sessions to choose from, and lets in who names one', async () => {
    const app = await startApp({ env: { SESSION_LIMIT: '2', SESSION_LIMIT_POLICY: 'reject' } });
    try {
      await app.createUser({ email: EMAIL });
      const login = (more = {}) =>
        new CookieClient(app.url).post('/auth/login', { email: EMAIL, password: PASSWORD, ...more });
      const first = await login();
      await login();
      const refused = await login();
      expect([refused.status, refused.body.code]).toEqual([409, 'TOO_MANY_SESSIONS']);
      expect(refused.headers.getSetCookie()).toEqual([]);
      expect(refused.body.sessions).toHaveLength(2);
      const { id } = first.body.session;
      expect(refused.body.sessions.map((session: { id: string }) => session.id)).toContain(id);
      expect((await login({ revokeSessionId: 'not one of mine' })).status).toBe(409);
      const admitted = await login({ revokeSessionId: id });
      expect(admitted.status).toBe(200);
      const redis = app.redis.client();
      expect(await storedSessions(redis)).toHaveLength(2);
    } finally {
      await app.close();
    }
  });

  it('answers 503 and leaves cookies alone when Redis is away', async () => {
    const app = await startApp({ redisMayBreak: true });
    try {
      await app.createUser({ email: EMAIL });
      await app.redis.kill();
      const answer = await new CookieClient(app.url).post('/auth/login', {
        email: EMAIL,
        password: PASSWORD,
      });
      expect([answer.status, answer.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.headers.getSetCookie()).toEqual([]);
    } finally {
      await app.close();
    }
  });
});
