import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';

import { startAdminApp, type AdminApp } from './support/admin-app.js';
import { PASSWORD } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';

const USER = {
  id: expect.any(String),
  email: expect.any(String),
  roles: expect.any(Array),
  disabled: false,
  createdAt: expect.stringMatching(/Z$/),
};

let program: AdminApp;

beforeAll(async () => {
  program = await startAdminApp();
});
afterAll(() => program.close());

describe('GET /admin/users', () => {
  it('finds people by part of the e-mail or the name, whatever the case, and shows no secret', async () => {
    await program.person('grace@navy.example', { displayName: 'Grace Hopper', sessions: 0 });
    for (const query of ['GRACE@', 'hopper', 'navy']) {
      const { status, body, headers } = await program.admin.get(`/admin/users?query=${query}`);
      expect(status).toBe(200);
      expect(headers.get('cache-control')).toBe('no-store');
      expect(body).toEqual({
        items: [{ ...USER, email: 'grace@navy.example', displayName: 'Grace Hopper', roles: [] }],
        nextCursor: null,
      });
    }
    expect((await program.admin.get('/admin/users?query=nobody-of-this-name')).body).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it('visits everybody once, page by page', async () => {
    for (let i = 0; i < 5; i += 1) await program.person(`page-${i}@example.com`, { sessions: 0 });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await program.admin.get(`/admin/users?query=page-&limit=2${next}`);
      const page = body as { items: { email: string }[]; nextCursor: string | null };
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(({ email }) => email));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen.sort()).toEqual([0, 1, 2, 3, 4].map((i) => `page-${i}@example.com`));
  });

  it.each([
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['limit=many', 'limit'],
    ['limit=1.5', 'limit'],
    ['limit=1&limit=2', 'limit'],
    ['cursor=made-up', 'cursor'],
    ['query=%00', 'query'],
    ['order=name', 'order'],
  ])('refuses ?%s', async (query, path) => {
    const { status, body } = await program.admin.get(`/admin/users?${query}`);
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(body.errors).toEqual([{ path, message: expect.any(String) }]);
  });
});

describe('GET /admin/users/:userId', () => {
  it('shows one person and how many live sessions there are', async () => {
    const { id } = await program.person('ada@example.com', { sessions: 3 });
    const { status, body } = await program.admin.get(`/admin/users/${id}`);
    expect(status).toBe(200);
    expect(body).toEqual({
      user: { ...USER, id, email: 'ada@example.com', displayName: null, roles: [] },
      sessions: 3,
    });
  });

  it('answers 404 for somebody who is not there', async () => {
    const { status, body } = await program.admin.get('/admin/users/no-such-user');
    expect([status, body.code]).toEqual([404, 'USER_NOT_FOUND']);
  });

  it('refuses an id that cannot be one', async () => {
    const { status, body } = await program.admin.get(`/admin/users/${'x'.repeat(129)}`);
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
  });
});

describe('PATCH /admin/users/:userId', () => {
  it('disables somebody: all his sessions end, he cannot log in, and enabling lets him in again', async () => {
    const { id, clients } = await program.person('barred@example.com', { sessions: 2 });
    const { status, body } = await program.admin.patch(`/admin/users/${id}`, { disabled: true });
    expect([status, body.user.disabled]).toEqual([200, true]);
    for (const client of clients) expect((await client.get('/auth/session')).status).toBe(401);
    expect((await program.admin.get(`/admin/users/${id}`)).body.sessions).toBe(0);
    const credentials = { email: 'barred@example.com', password: PASSWORD };
    expect((await new CookieClient(program.url).post('/auth/login', credentials)).status).toBe(401);

    expect((await program.admin.patch(`/admin/users/${id}`, { disabled: false })).body.user.disabled).toBe(
      false,
    );
    expect((await clients[0]?.get('/auth/session'))?.status).toBe(401);
    expect((await new CookieClient(program.url).post('/auth/login', credentials)).status).toBe(200);
  });

  it('changes roles from the next request of a live session on', async () => {
    const { id, clients } = await program.person('promoted@example.com');
    const { status, body } = await program.admin.patch(`/admin/users/${id}`, {
      roles: ['support', 'billing', 'support'],
    });
    expect(status).toBe(200);
    expect(body.user.roles).toEqual(['billing', 'support']);
    expect((await clients[0]?.get('/auth/session'))?.body.user.roles).toEqual(['billing', 'support']);
    await program.admin.patch(`/admin/users/${id}`, { roles: [] });
    expect((await clients[0]?.get('/auth/session'))?.body.user.roles).toEqual([]);
  });

  it('asks somebody who was made an admin to prove presence before the role counts', async () => {
    const { id, clients } = await program.person('newadmin@example.com');
    const client = clients[0] as CookieClient;
    await program.admin.patch(`/admin/users/${id}`, { roles: ['admin'] });
    const before = await client.get('/admin/users');
    expect([before.status, before.body.code]).toEqual([403, 'REAUTHENTICATION_REQUIRED']);
    expect((await client.post('/auth/reauthenticate', { password: PASSWORD })).status).toBe(200);
    expect((await client.get('/admin/users')).status).toBe(200);
    await program.admin.patch(`/admin/users/${id}`, { roles: [] });
    const after = await client.get('/admin/users');
    expect([after.status, after.body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it.each([
    ['no field', {}, ''],
    ['an unknown field', { disabled: true, email: 'x@example.com' }, 'email'],
    ['a role of other letters', { roles: ['Admin'] }, 'roles.0'],
    ['an empty role', { roles: [''] }, 'roles.0'],
    ['too many roles', { roles: Array.from({ length: 33 }, (_, i) => `r${i}`) }, 'roles'],
    ['roles that are no list', { roles: 'admin' }, 'roles'],
    ['a flag that is text', { disabled: 'true' }, 'disabled'],
    ['a null', { disabled: null }, 'disabled'],
    ['a list', [], ''],
  ])('refuses %s', async (_name, changes, path) => {
    const { status, body } = await program.admin.patch(`/admin/users/${program.adminId}`, changes);
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(body.errors).toEqual([{ path, message: expect.any(String) }]);
  });

  it('answers 404 for somebody who is not there', async () => {
    const { status, body } = await program.admin.patch('/admin/users/no-such-user', { disabled: true });
    expect([status, body.code]).toEqual([404, 'USER_NOT_FOUND']);
  });

  it.each([[{ disabled: true }], [{ roles: [] }], [{ roles: ['support'] }]])(
    'keeps the last enabled admin from %j himself',
    async (changes) => {
      const { status, body } = await program.admin.patch(`/admin/users/${program.adminId}`, changes);
      expect([status, body.code]).toEqual([409, 'LAST_ADMIN']);
      expect((await program.admin.get('/admin/users')).status).toBe(200);
    },
  );
});

describe('who may', () => {
  it.each([
    ['GET', '/admin/users'],
    ['GET', '/admin/users/x'],
    ['PATCH', '/admin/users/x'],
    ['GET', '/admin/users/x/sessions'],
    ['DELETE', '/admin/users/x/sessions'],
    ['DELETE', '/admin/users/x/sessions/y'],
    ['DELETE', '/admin/sessions'],
    ['GET', '/admin/operations/x'],
    ['GET', '/admin/events'],
    ['GET', '/admin/stats'],
    ['GET', '/admin/stats/history'],
    ['GET', '/admin/live'],
  ])('%s %s is for admins only', async (method, path) => {
    const body = method === 'PATCH' ? { disabled: true } : undefined;
    const nobody = await new BearerClient(program.url).request(method, path, { body });
    expect([nobody.status, nobody.body.code]).toEqual([401, 'UNAUTHENTICATED']);
    const email = `plain-${method}${path.replaceAll('/', '-')}@example.com`.toLowerCase();
    const { clients } = await program.person(email, { roles: ['support', 'administrator'] });
    const refused = await (clients[0] as CookieClient).request(method, path, { body });
    expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN']);
  });

  it('asks for a recent login before whatever destroys something, and not before what only looks', async () => {
    const late = await startAdminApp({ env: { REAUTH_WINDOW: '1ms' } });
    try {
      const changing: [string, string, unknown?][] = [
        ['PATCH', `/admin/users/${late.adminId}`, { roles: ['admin'] }],
        ['DELETE', `/admin/users/${late.adminId}/sessions`],
        ['DELETE', `/admin/users/${late.adminId}/sessions/x`],
        ['DELETE', '/admin/sessions'],
      ];
      // A node knows Redis's time to a few milliseconds, so the login may seem to have been a moment later.
      await delay(50);
      for (const [method, path, body] of changing) {
        const answer = await late.admin.request(method, path, { body });
        expect([method, path, answer.status, answer.body.code]).toEqual([
          method,
          path,
          403,
          'REAUTHENTICATION_REQUIRED',
        ]);
      }
      for (const path of [
        '/admin/users',
        `/admin/users/${late.adminId}/sessions`,
        '/admin/events',
        '/admin/stats',
      ]) {
        expect([path, (await late.admin.get(path)).status]).toEqual([path, 200]);
      }
    } finally {
      await late.close();
    }
  });
});
