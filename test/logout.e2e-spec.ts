import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditTrail } from '../src/audit/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, storedIndexes, storedSessions } from './support/stored-sessions.js';

const CREDENTIALS = { email: 'ada@example.com', password: PASSWORD };

describe('POST /auth/logout', () => {
  let app: TestApp;
  let redis: Redis;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
    await app.createUser({ email: CREDENTIALS.email });
  });
  afterAll(() => app.close());
  afterEach(() => clearSessions(redis));

  const loggedIn = async (): Promise<CookieClient> => {
    const client = new CookieClient(app.url);
    expect((await client.post('/auth/login', CREDENTIALS)).status).toBe(200);
    return client;
  };

  it('ends the session, deletes its cookie with its own attributes and clears what the browser keeps', async () => {
    const client = await loggedIn();
    const cookie = await client.cookie();
    const answer = await client.post('/auth/logout');
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect(answer.headers.get('clear-site-data')).toBe('"cache", "storage"');
    expect(answer.headers.getSetCookie()).toEqual([
      'sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; SameSite=Lax',
    ]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(await client.cookie()).toBeUndefined();
    const again = await client.get('/auth/session', { headers: { cookie: `sid=${cookie}` } });
    expect([again.status, again.body.code]).toEqual([401, 'UNAUTHENTICATED']);
    expect(again.headers.getSetCookie()).toEqual([]);
  });

  it('leaves nothing of the session in Redis, and the other sessions alone', async () => {
    const [client, other] = [await loggedIn(), await loggedIn()];
    await client.post('/auth/logout');
    const sessions = await storedSessions(redis);
    expect(sessions).toHaveLength(1);
    expect((await storedIndexes(redis)).flatMap(({ members }) => members)).toEqual([sessions[0]?.digest]);
    expect((await other.get('/auth/session')).status).toBe(200);
  });

  it('is idempotent: a stale cookie and no cookie are answered the same, and nothing is made or told to clear', async () => {
    const client = await loggedIn();
    const cookie = `sid=${await client.cookie()}`;
    await client.post('/auth/logout');
    const before = await redis.keys('lk:sess:*');
    const stale: Record<string, string>[] = [{ cookie }, { cookie: 'sid=s%3Aforged.x' }, {}];
    for (const headers of stale) {
      const answer = await client.post('/auth/logout', undefined, { headers });
      expect(answer.status).toBe(204);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(answer.headers.get('clear-site-data')).toBeNull();
    }
    expect(await redis.keys('lk:sess:*')).toEqual(before);
  });

  it('ends a bearer session without a word to browsers', async () => {
    const client = new BearerClient(app.url);
    await client.login(CREDENTIALS);
    const answer = await client.post('/auth/logout');
    expect(answer.status).toBe(204);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect(answer.headers.get('clear-site-data')).toBeNull();
    expect(await storedSessions(redis)).toEqual([]);
    expect((await client.post('/auth/logout')).status).toBe(204);
    expect((await client.get('/auth/session')).status).toBe(401);
  });

  it('records the end of a session, and nothing where there was none', async () => {
    const trail = app.app.get(AuditTrail, { strict: false });
    const client = await loggedIn();
    const { session } = (await client.get('/auth/session')).body;
    await client.post('/auth/logout');
    await client.post('/auth/logout');
    const { items } = await trail.list({ limit: 2 });
    expect(items.map(({ type }) => type)).toEqual(['logout', 'login.succeeded']);
    expect(items[0]).toMatchObject({ sessionId: session.id });
  });

  it('asks for Content-Type only with a body', async () => {
    const client = await loggedIn();
    const answer = await client.post('/auth/logout', {});
    expect(answer.status).toBe(204);
  });
});
