import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditTrail } from '../src/audit/index.js';
import { SessionService } from '../src/session/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, storedIndexes, storedSessions } from './support/stored-sessions.js';

const EMAIL = 'ada@example.com';
const CHROME =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36';

describe('/auth/session and /auth/sessions', () => {
  let app: TestApp;
  let redis: Redis;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
    await app.createUser({ email: EMAIL });
    await app.createUser({ email: 'bob@example.com' });
  });
  afterAll(() => app.close());
  afterEach(async () => {
    jest.restoreAllMocks();
    await clearSessions(redis);
  });

  const loggedIn = async (email = EMAIL, headers: Record<string, string> = {}) => {
    const client = new CookieClient(app.url);
    const { body } = await client.post('/auth/login', { email, password: PASSWORD }, { headers });
    return { client, id: body.session.id as string };
  };
  const statusOf = async (client: CookieClient) => (await client.get('/auth/session')).status;
  const lastEvents = async (limit: number) =>
    (await app.app.get(AuditTrail, { strict: false }).list({ limit })).items;
  /** Lets time pass for the question how long ago a login was. */
  const later = (ms: number) => {
    const sessions = app.app.get(SessionService, { strict: false });
    const now = sessions.now.bind(sessions);
    jest.spyOn(sessions, 'now').mockImplementation(() => now() + ms);
  };

  it('says who one is', async () => {
    const { client, id } = await loggedIn();
    const answer = await client.get('/auth/session');
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['user', 'session']);
    expect(answer.body).toMatchObject({
      user: { email: EMAIL, disabled: false },
      session: { id, current: true },
    });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it.each(['GET /auth/session', 'GET /auth/sessions', 'DELETE /auth/sessions', 'DELETE /auth/sessions/x'])(
    'answers 401 to %s without a session, and touches no cookie',
    async (route) => {
      const [method = '', path = ''] = route.split(' ');
      const visitors: Record<string, string>[] = [{}, { cookie: 'sid=s%3Aforged.x', origin: app.url }];
      for (const headers of visitors) {
        const answer = await new CookieClient(app.url).request(method, path, { headers });
        expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
        expect(answer.headers.get('www-authenticate')).toBe('Bearer');
        expect(answer.headers.getSetCookie()).toEqual([]);
        expect(answer.headers.get('cache-control')).toBe('no-store');
      }
    },
  );

  it('lists my live sessions, newest activity first, whatever they are carried by', async () => {
    const { id: first } = await loggedIn();
    const bearer = await new BearerClient(app.url).login({ email: EMAIL, password: PASSWORD });
    const { client, id: last } = await loggedIn(EMAIL, { 'user-agent': CHROME });
    await loggedIn('bob@example.com');
    const answer = await client.get('/auth/sessions');
    expect(answer.status).toBe(200);
    expect(answer.body.total).toBe(3);
    expect(answer.body.items.map(({ id }: { id: string }) => id)).toEqual([
      last,
      bearer.body.session.id,
      first,
    ]);
    expect(answer.body.items.map(({ current }: { current: boolean }) => current)).toEqual([
      true,
      false,
      false,
    ]);
    expect(answer.body.items[0]).toMatchObject({
      userAgent: CHROME,
      device: { browser: 'Chrome 131', os: 'Windows 10', type: 'desktop' },
    });
    expect(Object.keys(answer.body.items[0])).toEqual([
      'id',
      'current',
      'createdAt',
      'authenticatedAt',
      'lastSeenAt',
      'expiresAt',
      'absoluteExpiresAt',
      'ip',
      'userAgent',
      'device',
    ]);
  });

  it('never asks for a recent login to list', async () => {
    const { client } = await loggedIn();
    later(60 * 60_000);
    expect((await client.get('/auth/sessions')).status).toBe(200);
  });

  describe('DELETE /auth/sessions/:sessionId', () => {
    it('ends another session of mine', async () => {
      const [mine, other] = [await loggedIn(), await loggedIn()];
      const answer = await mine.client.delete(`/auth/sessions/${other.id}`);
      expect([answer.status, answer.text]).toEqual([204, '']);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect([await statusOf(mine.client), await statusOf(other.client)]).toEqual([200, 401]);
      const [session] = await storedSessions(redis);
      expect((await storedIndexes(redis)).map(({ members }) => members)).toEqual([[session?.digest]]);
      expect((await lastEvents(1))[0]).toMatchObject({ type: 'session.revoked', sessionId: other.id });
    });

    it("answers 404 for what is not mine: unknown, ended, or somebody else's", async () => {
      const [mine, ended, bobs] = [await loggedIn(), await loggedIn(), await loggedIn('bob@example.com')];
      await ended.client.post('/auth/logout');
      const answers = await Promise.all(
        [ended.id, bobs.id, 'nonsense', '*', '%00'].map((id) => mine.client.delete(`/auth/sessions/${id}`)),
      );
      expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
        Array(5).fill([404, 'SESSION_NOT_FOUND']),
      );
      expect(await statusOf(bobs.client)).toBe(200);
    });

    it('ends this one as a logout does', async () => {
      const { client, id } = await loggedIn();
      later(60 * 60_000);
      const answer = await client.delete(`/auth/sessions/${id}`);
      expect(answer.status).toBe(204);
      expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"');
      expect(await client.cookie()).toBeUndefined();
      expect(await storedSessions(redis)).toEqual([]);
      expect((await lastEvents(1))[0]).toMatchObject({ type: 'logout', sessionId: id });
    });

    it('needs a recent login for another than this one, before it says whether there is one', async () => {
      const [mine, other] = [await loggedIn(), await loggedIn()];
      later(15 * 60_000 + 1000);
      for (const id of [other.id, 'nonsense']) {
        const answer = await mine.client.delete(`/auth/sessions/${id}`);
        expect([answer.status, answer.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
      }
      expect(await statusOf(other.client)).toBe(200);
      jest.restoreAllMocks();
      later(15 * 60_000 - 10_000);
      expect((await mine.client.delete(`/auth/sessions/${other.id}`)).status).toBe(204);
    });
  });

  describe('DELETE /auth/sessions', () => {
    it('ends all my other sessions and nobody else’s', async () => {
      const [mine, second, third, bobs] = [
        await loggedIn(),
        await loggedIn(),
        await loggedIn(),
        await loggedIn('bob@example.com'),
      ];
      const answer = await mine.client.delete('/auth/sessions');
      expect([answer.status, answer.body]).toEqual([200, { revoked: 2 }]);
      expect(await Promise.all([mine, second, third, bobs].map(({ client }) => statusOf(client)))).toEqual([
        200, 401, 401, 200,
      ]);
      expect((await mine.client.delete('/auth/sessions?scope=others')).body).toEqual({ revoked: 0 });
      const [, event] = await lastEvents(2);
      expect(event).toMatchObject({ type: 'sessions.revoked', detail: { scope: 'others', revoked: 2 } });
    });

    it('ends this one too with scope=all, and takes its cookie back', async () => {
      const [mine, other] = [await loggedIn(), await loggedIn()];
      const answer = await mine.client.delete('/auth/sessions?scope=all');
      expect([answer.status, answer.body]).toEqual([200, { revoked: 2 }]);
      expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"');
      expect(await mine.client.cookie()).toBeUndefined();
      expect(await statusOf(other.client)).toBe(401);
      expect(await storedSessions(redis)).toEqual([]);
    });

    it('tells bearer clients nothing about cookies', async () => {
      const client = new BearerClient(app.url);
      await client.login({ email: EMAIL, password: PASSWORD });
      const answer = await client.delete('/auth/sessions?scope=all');
      expect([answer.status, answer.body]).toEqual([200, { revoked: 1 }]);
      expect([answer.headers.getSetCookie(), answer.headers.get('clear-site-data')]).toEqual([[], null]);
      expect((await client.get('/auth/session')).status).toBe(401);
    });

    it('needs a recent login', async () => {
      const { client } = await loggedIn();
      later(15 * 60_000 + 1000);
      for (const scope of ['', '?scope=all']) {
        const answer = await client.delete(`/auth/sessions${scope}`);
        expect([answer.status, answer.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
      }
      expect(await statusOf(client)).toBe(200);
    });

    it('refuses another scope', async () => {
      const { client } = await loggedIn();
      for (const query of ['scope=mine', 'scope=all&scope=others', 'all=1']) {
        const answer = await client.delete(`/auth/sessions?${query}`);
        expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
      }
      expect(await statusOf(client)).toBe(200);
    });
  });
});
