import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startAdminApp, type AdminApp } from './support/admin-app.js';
import { CookieClient } from './support/clients.js';

interface Event {
  id: string;
  at: string;
  type: string;
  userId: string | null;
  actorId: string | null;
  sessionId?: string;
  detail?: Record<string, unknown>;
}

let program: AdminApp;

beforeAll(async () => {
  program = await startAdminApp();
});
afterAll(() => program.close());

async function eventsOf(query: string): Promise<Event[]> {
  const { status, body } = await program.admin.get(`/admin/events?${query}`);
  expect(status).toBe(200);
  return (body as { items: Event[] }).items;
}

describe('GET /admin/events', () => {
  it('tells who did what to whose sessions, newest first', async () => {
    const { id, clients } = await program.person('watched@example.com', { sessions: 2 });
    const sessionId = await program.sessionIdOf(clients[0] as CookieClient);
    await program.admin.delete(`/admin/users/${id}/sessions/${sessionId}`);
    await program.admin.delete(`/admin/users/${id}/sessions`);
    await program.admin.patch(`/admin/users/${id}`, { roles: ['support'], disabled: true });
    await program.admin.patch(`/admin/users/${id}`, { disabled: false });
    // Nothing changes, so there is nothing to tell.
    await program.admin.patch(`/admin/users/${id}`, { disabled: false, roles: ['support'] });

    const events = await eventsOf(`userId=${id}`);
    expect(events.map(({ type }) => type)).toEqual([
      'user.enabled',
      'user.roles_changed',
      'user.disabled',
      'sessions.revoked',
      'session.revoked',
      'login.succeeded',
      'login.succeeded',
    ]);
    for (const event of events.slice(0, 5)) {
      expect(event).toMatchObject({
        id: expect.any(String),
        at: expect.stringMatching(/Z$/),
        userId: id,
        actorId: program.adminId,
        ip: '127.0.0.1',
        requestId: expect.any(String),
      });
    }
    expect(events[1]?.detail).toEqual({ before: [], after: ['support'] });
    expect(events[3]?.detail).toEqual({ reason: 'admin', scope: 'all', revoked: 1 });
    expect(events[4]?.sessionId).toBe(sessionId);
  });

  it('filters by type, and goes on where the page before ended', async () => {
    for (let i = 0; i < 3; i += 1) {
      await new CookieClient(program.url).post('/auth/login', {
        email: 'nobody@example.com',
        password: 'a wrong password',
      });
    }
    const first = await program.admin.get('/admin/events?type=login.failed&limit=2');
    expect(first.body.items).toHaveLength(2);
    const second = await program.admin.get(
      `/admin/events?type=login.failed&limit=2&cursor=${encodeURIComponent(first.body.nextCursor as string)}`,
    );
    expect(second.body.items).toHaveLength(1);
    expect(second.body.nextCursor).toBeNull();
    const ids = [...first.body.items, ...second.body.items].map(({ id }: Event) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it.each([
    ['type=login', 'type'],
    ['limit=1000', 'limit'],
    ['cursor=made-up', 'cursor'],
    ['userId=', 'userId'],
    ['since=yesterday', 'since'],
  ])('refuses ?%s', async (query, path) => {
    const { status, body } = await program.admin.get(`/admin/events?${query}`);
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(body.errors).toEqual([expect.objectContaining({ path })]);
  });

  it('tells of the end of everybody, which is about nobody in particular', async () => {
    const { body } = await program.admin.delete('/admin/sessions');
    const [event] = await eventsOf('type=sessions.revoked&limit=1');
    expect(event).toMatchObject({
      userId: null,
      actorId: program.adminId,
      detail: { scope: 'everybody', operationId: body.operationId },
    });
  });

  it('tells of a change that stands although the sessions could not be reached', async () => {
    const apart = await startAdminApp();
    try {
      const { id } = await apart.person('apart@example.com', { sessions: 0 });
      const redis = apart.redis.client();
      // The admin's own session can be read; what the change must write cannot be written.
      await redis.call('ACL', 'SETUSER', 'default', '-set', '-evalsha', '-eval');
      const answer = await apart.admin.patch(`/admin/users/${id}`, { disabled: true });
      expect([answer.status, answer.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
      const { body } = await apart.admin.get(`/admin/events?userId=${id}`);
      expect(body.items.map(({ type }: Event) => type)).toEqual(['user.disabled']);
      expect((await apart.admin.get('/admin/users?query=apart')).body.items[0].disabled).toBe(true);
    } finally {
      await apart.close();
    }
  });
});

describe('GET /admin/stats', () => {
  it('counts sessions and users as they are, and logins and revocations of the last day', async () => {
    const fresh = await startAdminApp();
    try {
      const { id, clients } = await fresh.person('ada@example.com', { sessions: 3 });
      await fresh.person('idle@example.com', { sessions: 0 });
      await new CookieClient(fresh.url).post('/auth/login', {
        email: 'ada@example.com',
        password: 'a wrong password',
      });
      const sessionId = await fresh.sessionIdOf(clients[0] as CookieClient);
      await fresh.admin.delete(`/admin/users/${id}/sessions/${sessionId}`);
      const { status, body } = await fresh.admin.get('/admin/stats');
      expect(status).toBe(200);
      expect(body).toEqual({
        liveSessions: 3,
        usersWithSessions: 2,
        users: 3,
        logins: 4,
        failedLogins: 1,
        revocations: 1,
      });
      await fresh.admin.patch(`/admin/users/${id}`, { disabled: true });
      expect((await fresh.admin.get('/admin/stats')).body).toMatchObject({
        liveSessions: 1,
        usersWithSessions: 1,
        revocations: 2,
      });
    } finally {
      await fresh.close();
    }
  });
});
