import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';

import { startAdminApp, type AdminApp } from './support/admin-app.js';
import { PASSWORD } from './support/app.js';
import { CookieClient } from './support/clients.js';

const SESSION = {
  id: expect.stringMatching(/^[\w-]{22}$/),
  current: expect.any(Boolean),
  createdAt: expect.stringMatching(/Z$/),
  authenticatedAt: expect.stringMatching(/Z$/),
  lastSeenAt: expect.stringMatching(/Z$/),
  expiresAt: expect.stringMatching(/Z$/),
  absoluteExpiresAt: expect.stringMatching(/Z$/),
  ip: '127.0.0.1',
  userAgent: expect.any(String),
  device: { browser: null, os: null, type: expect.any(String) },
};

let program: AdminApp;
let redis: Redis;

beforeAll(async () => {
  program = await startAdminApp({ redisMayBreak: true });
  redis = program.redis.client();
});
afterAll(() => program.close());

/** Keys of every session record and every index, to compare before and after. */
async function sessionKeys(): Promise<{ records: string[]; indexes: string[] }> {
  const [records, indexes] = await Promise.all([redis.keys('lk:sess:{*'), redis.keys('lk:idx:{*')]);
  return { records, indexes };
}

async function newKeysOf<T>(
  work: () => Promise<T>,
): Promise<{ result: T; records: string[]; index: string }> {
  const before = await sessionKeys();
  const result = await work();
  const after = await sessionKeys();
  const index = after.indexes.find((key) => !before.indexes.includes(key));
  if (index === undefined) throw new Error('nobody got an index');
  return { result, records: after.records.filter((key) => !before.records.includes(key)), index };
}

describe('GET /admin/users/:userId/sessions', () => {
  it("lists somebody's live sessions, newest activity first, none of them current", async () => {
    const { id, clients } = await program.person('list@example.com', { sessions: 3 });
    const { status, body, headers } = await program.admin.get(`/admin/users/${id}/sessions`);
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(body).toEqual({ items: [SESSION, SESSION, SESSION], total: 3 });
    const { items } = body as { items: { id: string; current: boolean; lastSeenAt: string }[] };
    expect(items.some(({ current }) => current)).toBe(false);
    expect(items.map(({ lastSeenAt }) => lastSeenAt)).toEqual(
      items
        .map(({ lastSeenAt }) => lastSeenAt)
        .sort()
        .reverse(),
    );
    const ids = await Promise.all(clients.map((client) => program.sessionIdOf(client)));
    expect(items.map((item) => item.id).sort()).toEqual(ids.sort());
  });

  it('marks the session of the request when the admin looks at his own', async () => {
    const { body } = await program.admin.get(`/admin/users/${program.adminId}/sessions`);
    expect(body.items.map(({ current }: { current: boolean }) => current)).toEqual([true]);
  });

  it('answers 404 for somebody who is not there, and an empty list for somebody without a session', async () => {
    const { status, body } = await program.admin.get('/admin/users/no-such-user/sessions');
    expect([status, body.code]).toEqual([404, 'USER_NOT_FOUND']);
    const { id } = await program.person('without@example.com', { sessions: 0 });
    expect((await program.admin.get(`/admin/users/${id}/sessions`)).body).toEqual({ items: [], total: 0 });
  });
});

describe('DELETE /admin/users/:userId/sessions/:sessionId', () => {
  it('ends that session, and leaves the others and the index sound', async () => {
    const { result, records, index } = await newKeysOf(() =>
      program.person('one@example.com', { sessions: 2 }),
    );
    const [first, second] = result.clients as [CookieClient, CookieClient];
    const sessionId = await program.sessionIdOf(first);
    const answer = await program.admin.delete(`/admin/users/${result.id}/sessions/${sessionId}`);
    expect([answer.status, answer.text]).toEqual([204, '']);
    expect((await first.get('/auth/session')).status).toBe(401);
    expect((await second.get('/auth/session')).status).toBe(200);

    const left = (await Promise.all(records.map((key) => redis.exists(key)))).filter(
      (exists) => exists === 1,
    );
    expect(left).toHaveLength(1);
    expect(await redis.zcard(index)).toBe(1);
    expect(await redis.pttl(index)).toBeGreaterThan(0);

    const again = await program.admin.delete(`/admin/users/${result.id}/sessions/${sessionId}`);
    expect([again.status, again.body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
  });

  it("answers 404 for another person's session, and for a person who is not there", async () => {
    const owner = await program.person('owner@example.com');
    const other = await program.person('other@example.com');
    const sessionId = await program.sessionIdOf(owner.clients[0] as CookieClient);
    const wrongOwner = await program.admin.delete(`/admin/users/${other.id}/sessions/${sessionId}`);
    expect([wrongOwner.status, wrongOwner.body.code]).toEqual([404, 'SESSION_NOT_FOUND']);
    const nobody = await program.admin.delete(`/admin/users/no-such-user/sessions/${sessionId}`);
    expect([nobody.status, nobody.body.code]).toEqual([404, 'USER_NOT_FOUND']);
    expect((await owner.clients[0]?.get('/auth/session'))?.status).toBe(200);
  });
});

describe('DELETE /admin/users/:userId/sessions', () => {
  it('ends all of them, says how many, and leaves no record and no index entry', async () => {
    const { result, records, index } = await newKeysOf(() =>
      program.person('all@example.com', { sessions: 3 }),
    );
    const answer = await program.admin.delete(`/admin/users/${result.id}/sessions`);
    expect([answer.status, answer.body]).toEqual([200, { revoked: 3 }]);
    for (const client of result.clients) expect((await client.get('/auth/session')).status).toBe(401);
    expect(records).toHaveLength(3);
    expect(await redis.exists(...records, index)).toBe(0);
    expect(await redis.pttl(index.replace('idx:', 'gen:'))).toBeGreaterThan(0);
    expect((await program.admin.delete(`/admin/users/${result.id}/sessions`)).body).toEqual({ revoked: 0 });
    const credentials = { email: 'all@example.com', password: PASSWORD };
    expect((await new CookieClient(program.url).post('/auth/login', credentials)).status).toBe(200);
  });

  it('answers 404 for somebody who is not there', async () => {
    const { status, body } = await program.admin.delete('/admin/users/no-such-user/sessions');
    expect([status, body.code]).toEqual([404, 'USER_NOT_FOUND']);
  });

  it('ends the calling session too when an admin names himself', async () => {
    const { id, clients } = await program.person('self@example.com', { roles: ['admin'], sessions: 2 });
    const self = clients[0] as CookieClient;
    const answer = await self.delete(`/admin/users/${id}/sessions`);
    expect([answer.status, answer.body]).toEqual([200, { revoked: 2 }]);
    expect((await self.get('/auth/session')).status).toBe(401);
  });
});

describe('while Redis is away', () => {
  it('answers 503 and sets no cookie, and serves again when Redis is back', async () => {
    const { id } = await program.person('outage@example.com');
    await program.redis.kill();
    for (const request of [
      () => program.admin.get(`/admin/users/${id}/sessions`),
      () => program.admin.delete(`/admin/users/${id}/sessions`),
    ]) {
      const answer = await request();
      expect([answer.status, answer.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
      expect(answer.headers.get('retry-after')).toBe('1');
      expect(answer.headers.get('set-cookie')).toBeNull();
    }
    await program.redis.restart();
    const credentials = { email: 'root@example.com', password: PASSWORD };
    const admin = new CookieClient(program.url);
    while ((await admin.post('/auth/login', credentials)).status === 503);
    expect((await admin.get(`/admin/users/${id}/sessions`)).status).toBe(200);
  });
});
