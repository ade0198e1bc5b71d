import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditTrail } from '../src/audit/index.js';
import { SessionService, SessionStoreUnavailableError } from '../src/session/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, storedIndexes, storedSessions } from './support/stored-sessions.js';

const NEW_PASSWORD = 'ten small goats on a roof';

describe('PUT /auth/password', () => {
  let app: TestApp;
  let redis: Redis;
  let email: string;
  let people = 0;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    people += 1;
    email = `person${people}@example.com`;
    await app.createUser({ email, displayName: 'Grace Hopper' });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await clearSessions(redis);
  });

  const login = (password: string, client = new CookieClient(app.url)) =>
    client.post('/auth/login', { email, password });
  const loggedIn = async (): Promise<CookieClient> => {
    const client = new CookieClient(app.url);
    expect((await login(PASSWORD, client)).status).toBe(200);
    return client;
  };
  const change = (
    client: CookieClient | BearerClient,
    currentPassword = PASSWORD,
    newPassword = NEW_PASSWORD,
  ) => client.put('/auth/password', { currentPassword, newPassword });
  const statusOf = async (client: CookieClient) => (await client.get('/auth/session')).status;

  it('changes it, ends every other session and gives this one a new id', async () => {
    const [client, other] = [await loggedIn(), await loggedIn()];
    const bearer = new BearerClient(app.url);
    await bearer.login({ email, password: PASSWORD });
    const old = await client.cookie();
    const { session } = (await client.get('/auth/session')).body;

    const answer = await change(client);
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['user', 'session']);
    expect(answer.body.session.id).not.toBe(session.id);
    expect(answer.body.session.absoluteExpiresAt).toBe(session.absoluteExpiresAt);
    expect(answer.headers.get('cache-control')).toBe('no-store');

    expect(await statusOf(client)).toBe(200);
    expect(await statusOf(other)).toBe(401);
    expect((await bearer.get('/auth/session')).status).toBe(401);
    expect((await client.get('/auth/session', { headers: { cookie: `sid=${old}` } })).status).toBe(401);
    const stored = await storedSessions(redis);
    expect(stored).toHaveLength(1);
    expect((await storedIndexes(redis)).flatMap(({ members }) => members)).toEqual([stored[0]?.digest]);

    expect((await login(PASSWORD)).status).toBe(401);
    expect((await login(NEW_PASSWORD)).status).toBe(200);
  });

  it('records in which session it was done', async () => {
    const client = await loggedIn();
    const { session } = (await client.get('/auth/session')).body;
    await change(client);
    const { items } = await app.app.get(AuditTrail, { strict: false }).list({ limit: 1 });
    expect(items[0]).toMatchObject({
      type: 'password.changed',
      sessionId: session.id,
      detail: { ends: 'others' },
      ip: '127.0.0.1',
      requestId: expect.any(String),
    });
  });

  it('gives bearer clients a new token', async () => {
    const client = new BearerClient(app.url);
    await client.login({ email, password: PASSWORD });
    const answer = await change(client);
    expect(answer.body.token).toMatch(/^lk_/);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await client.get('/auth/session')).status).toBe(401);
    client.token = answer.body.token;
    expect((await client.get('/auth/session')).status).toBe(200);
  });

  it.each([
    ['too short', 'short', 'Use at least 15 characters.'],
    ['too long', 'x'.repeat(257), 'Use at most 256 characters.'],
    [
      'made of the name',
      'Grace Hopper, Grace Hopper',
      'Do not make a password of your e-mail, your name or the name of this service.',
    ],
  ])('refuses a new password that is %s, and says why without quoting it', async (_, newPassword, detail) => {
    const client = await loggedIn();
    const answer = await change(client, PASSWORD, newPassword);
    expect([answer.status, answer.body.code, answer.body.detail]).toEqual([400, 'PASSWORD_TOO_WEAK', detail]);
    expect(answer.text).not.toContain(newPassword);
    expect((await login(PASSWORD)).status).toBe(200);
  });

  it('refuses a wrong present password, counts it for the account, and ends the session at the fifth', async () => {
    const client = await loggedIn();
    for (let i = 0; i < 4; i += 1) {
      const answer = await change(client, 'not the password');
      expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    }
    expect(await statusOf(client)).toBe(200);
    const fifth = await change(client, 'not the password');
    expect([fifth.status, fifth.body.code]).toEqual([401, 'SESSION_ENDED']);
    expect(await statusOf(client)).toBe(401);
    expect((await login(PASSWORD)).status).toBe(429);
  });

  it('needs a session and a body of its form', async () => {
    expect((await change(new CookieClient(app.url))).status).toBe(401);
    const client = await loggedIn();
    for (const body of [
      {},
      { currentPassword: PASSWORD },
      { currentPassword: PASSWORD, newPassword: NEW_PASSWORD, userId: 'x' },
    ]) {
      expect((await client.put('/auth/password', body)).body.code).toBe('VALIDATION_FAILED');
    }
  });

  it('lets one of two changes at once through, and no session of the other', async () => {
    const clients = [await loggedIn(), await loggedIn()];
    const answers = await Promise.all(
      clients.map((client, i) => change(client, PASSWORD, `${NEW_PASSWORD} ${i}`)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    const winner = answers.findIndex(({ status }) => status === 200);
    expect(await statusOf(clients[winner] as CookieClient)).toBe(200);
    expect(await statusOf(clients[1 - winner] as CookieClient)).toBe(401);
    expect((await login(`${NEW_PASSWORD} ${winner}`)).status).toBe(200);
    expect((await login(`${NEW_PASSWORD} ${1 - winner}`)).status).toBe(401);
  });

  it('lets no login slip past whose password was checked before the change', async () => {
    const client = await loggedIn();
    const sessions = app.app.get(SessionService, { strict: false });
    const establish = sessions.establish.bind(sessions);
    jest.spyOn(sessions, 'establish').mockImplementationOnce(async (req, options) => {
      expect((await change(client)).status).toBe(200);
      return establish(req, options);
    });
    const answer = await login(PASSWORD);
    expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(await storedSessions(redis)).toHaveLength(1);
  });

  it('answers 503 when the sessions cannot be reached, and ends them all as soon as they can', async () => {
    const [client, other] = [await loggedIn(), await loggedIn()];
    const sessions = app.app.get(SessionService, { strict: false });
    jest.spyOn(sessions, 'rotate').mockRejectedValueOnce(new SessionStoreUnavailableError());
    const answer = await change(client);
    expect([answer.status, answer.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    const deadline = Date.now() + 10_000;
    while ((await statusOf(other)) !== 401) {
      if (Date.now() > deadline) throw new Error('the other session is still alive');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(await statusOf(client)).toBe(401);
    expect((await login(NEW_PASSWORD)).status).toBe(200);
  });
});
