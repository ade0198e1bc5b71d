import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditTrail } from '../src/audit/index.js';
import { SessionService } from '../src/session/index.js';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, storedIndexes, storedSessions } from './support/stored-sessions.js';

const EMAIL = 'ada@example.com';
const MINUTE = 60_000;

describe('POST /auth/reauthenticate', () => {
  let app: TestApp;
  let redis: Redis;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
    await app.createUser({ email: EMAIL });
  });
  afterAll(() => app.close());
  afterEach(async () => {
    jest.restoreAllMocks();
    await clearSessions(redis);
  });

  const loggedIn = async (email = EMAIL): Promise<CookieClient> => {
    const client = new CookieClient(app.url);
    expect((await client.post('/auth/login', { email, password: PASSWORD })).status).toBe(200);
    return client;
  };
  const lastEvent = async () =>
    (await app.app.get(AuditTrail, { strict: false }).list({ limit: 1 })).items[0];

  it('moves the session to a new id, authenticated now, and keeps its data and its end', async () => {
    const client = await loggedIn();
    const [before] = await storedSessions(redis);
    const old = await client.cookie();
    const { session } = (await client.get('/auth/session')).body;
    const answer = await client.post('/auth/reauthenticate', { password: PASSWORD });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.body)).toEqual(['user', 'session']);
    expect(answer.body.session.id).not.toBe(session.id);
    expect(answer.body.session.authenticatedAt >= session.authenticatedAt).toBe(true);
    expect(answer.body.session.absoluteExpiresAt).toBe(session.absoluteExpiresAt);
    expect(answer.body.session.createdAt).toBe(session.createdAt);

    const [after, ...others] = await storedSessions(redis);
    expect(others).toEqual([]);
    expect(after?.digest).not.toBe(before?.digest);
    expect(after?.header.absoluteExpiryMs).toBe(before?.header.absoluteExpiryMs);
    expect((await storedIndexes(redis))[0]?.members).toEqual([after?.digest]);

    expect(await client.cookie()).not.toBe(old);
    expect((await client.get('/auth/session')).status).toBe(200);
    expect((await client.get('/auth/session', { headers: { cookie: `sid=${old}` } })).status).toBe(401);
    expect(await lastEvent()).toMatchObject({ type: 'reauthenticated', sessionId: answer.body.session.id });
  });

  it('opens what needs a recent login', async () => {
    const client = await loggedIn();
    const sessions = app.app.get(SessionService, { strict: false });
    const now = sessions.now.bind(sessions);
    // The login is too long ago, the re-authentication is not.
    const shown = jest.spyOn(sessions, 'now').mockImplementation(() => now() + 15 * MINUTE + 1000);
    expect((await client.delete('/auth/sessions')).status).toBe(403);
    shown.mockRestore();
    await client.post('/auth/reauthenticate', { password: PASSWORD });
    jest.spyOn(sessions, 'now').mockImplementation(() => now() + 14 * MINUTE);
    expect((await client.delete('/auth/sessions')).status).toBe(200);
  });

  it('gives bearer clients a new token, and ends the old one', async () => {
    const client = new BearerClient(app.url);
    await client.login({ email: EMAIL, password: PASSWORD });
    const old = client.token;
    const answer = await client.post('/auth/reauthenticate', { password: PASSWORD });
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.body.token).toMatch(/^lk_/);
    expect(answer.body.token).not.toBe(old);
    expect((await client.get('/auth/session')).status).toBe(401);
    client.token = answer.body.token;
    expect((await client.get('/auth/session')).status).toBe(200);
  });

  it('moves who was promoted into the admin profile, whose lifetimes are shorter', async () => {
    const { id } = await app.createUser({ email: 'eve@example.com' });
    const client = await loggedIn('eve@example.com');
    await app.app.get(UsersService, { strict: false }).update(id, { roles: ['admin'] });
    expect((await client.get('/admin/stats')).body).toMatchObject({
      status: 403,
      code: 'REAUTHENTICATION_REQUIRED',
    });
    const answer = await client.post('/auth/reauthenticate', { password: PASSWORD });
    expect(answer.body.user.roles).toEqual(['admin']);
    const { createdAt, authenticatedAt, expiresAt, absoluteExpiresAt } = answer.body.session;
    expect(Date.parse(expiresAt) - Date.parse(authenticatedAt)).toBeLessThanOrEqual(15 * MINUTE + 1000);
    expect(Date.parse(absoluteExpiresAt) - Date.parse(createdAt)).toBeLessThanOrEqual(481 * MINUTE);
    expect((await client.get('/admin/stats')).status).toBe(200);
  });

  it('refuses a wrong password and keeps the session as it is', async () => {
    const client = await loggedIn();
    const cookie = await client.cookie();
    const answer = await client.post('/auth/reauthenticate', { password: 'not the password' });
    expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await client.cookie()).toBe(cookie);
    expect((await client.get('/auth/session')).status).toBe(200);
    expect(await lastEvent()).toMatchObject({
      type: 'reauthentication.failed',
      detail: { act: 'reauthenticate', reason: 'wrong-password' },
    });
  });

  const guess = (client: CookieClient | BearerClient, more = {}) =>
    client.post('/auth/reauthenticate', { password: 'not the password', ...more });

  it('shares the counter of the account with the login, in both directions', async () => {
    await app.createUser({ email: 'shared@example.com' });
    const stranger = () =>
      new CookieClient(app.url).post('/auth/login', { email: 'shared@example.com', password: 'wrong' });
    const client = new BearerClient(app.url);
    const { deviceToken } = (await client.login({ email: 'shared@example.com', password: PASSWORD })).body;
    for (let i = 0; i < 3; i += 1) await guess(client);
    for (let i = 0; i < 2; i += 1) expect((await stranger()).status).toBe(401);
    expect((await stranger()).status).toBe(429);
    const answer = await client.post('/auth/reauthenticate', { password: PASSWORD });
    expect([answer.status, answer.body.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
    expect(answer.headers.get('ratelimit')).toMatch(/^"account";r=0;t=\d+$/);
    // Strangers cannot keep the owner from it on a device that is known.
    const known = await client.post('/auth/reauthenticate', { password: PASSWORD, deviceToken });
    expect(known.status).toBe(200);
  });

  it('ends a session in which five wrong passwords were tried, and tells the trail', async () => {
    await app.createUser({ email: 'guessed@example.com' });
    const other = await loggedIn('guessed@example.com');
    const client = await loggedIn('guessed@example.com');
    const { session, user } = (await client.get('/auth/session')).body;
    for (let i = 0; i < 4; i += 1)
      expect((await guess(client)).body).toMatchObject({ status: 401, code: 'INVALID_CREDENTIALS' });
    expect((await client.get('/auth/session')).status).toBe(200);
    const fifth = await guess(client);
    expect(fifth.body).toMatchObject({ status: 401, code: 'SESSION_ENDED' });
    expect(fifth.headers.getSetCookie()).toEqual([]);
    expect((await client.get('/auth/session')).status).toBe(401);
    expect(await lastEvent()).toMatchObject({
      type: 'session.revoked',
      userId: user.id,
      actorId: null,
      sessionId: session.id,
      detail: { reason: 'failed-reauthentication' },
    });
    expect((await other.get('/auth/session')).status).toBe(200);
    const login = await new CookieClient(app.url).post('/auth/login', {
      email: 'guessed@example.com',
      password: PASSWORD,
    });
    expect(login.status).toBe(429);
  });

  it('answers 401 without a session, and 400 to another body', async () => {
    const visitor = await new CookieClient(app.url).post('/auth/reauthenticate', { password: PASSWORD });
    expect([visitor.status, visitor.body.code]).toEqual([401, 'UNAUTHENTICATED']);
    const client = await loggedIn();
    for (const body of [{}, { password: '' }, { password: PASSWORD, email: EMAIL }]) {
      expect((await client.post('/auth/reauthenticate', body)).body.code).toBe('VALIDATION_FAILED');
    }
  });

  it('makes nothing of a session that was revoked while the password was being checked', async () => {
    const client = await loggedIn();
    const sessions = app.app.get(SessionService, { strict: false });
    const rotate = sessions.rotate.bind(sessions);
    jest.spyOn(sessions, 'rotate').mockImplementationOnce(async (req, change) => {
      await sessions.revokeAll((await client.get('/auth/session')).body.user.id as string);
      return rotate(req, change);
    });
    const answer = await client.post('/auth/reauthenticate', { password: PASSWORD });
    expect([answer.status, answer.body.code]).toEqual([401, 'SESSION_ENDED']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(await storedSessions(redis)).toEqual([]);
  });
});
