import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startAdminApp, type AdminApp } from './support/admin-app.js';
import type { CookieClient } from './support/clients.js';

let program: AdminApp;

beforeAll(async () => {
  program = await startAdminApp();
});
afterAll(() => program.close());

/** Follows an operation to its end. */
async function finished(client: CookieClient, location: string): Promise<{ state: string; revoked: number }> {
  for (;;) {
    const { status, body } = await client.get(location);
    expect(status).toBe(200);
    if (body.state !== 'running') return body;
  }
}

describe('DELETE /admin/sessions', () => {
  it("ends everybody's sessions but the one it was called with, and lets the operation be followed", async () => {
    const redis = program.redis.client();
    const people = [
      await program.person('ada@example.com', { sessions: 3 }),
      await program.person('grace@example.com', { sessions: 2 }),
      await program.person('second.admin@example.com', { roles: ['admin'] }),
    ];
    const visitor = `lk:sess:{${'v'.repeat(15)}}:${'v'.repeat(43)}`;
    await redis.set(visitor, '1', 'PX', 60_000);

    const { status, body, headers } = await program.admin.delete('/admin/sessions');
    expect([status, Object.keys(body)]).toEqual([202, ['operationId']]);
    expect(headers.get('location')).toBe(`/admin/operations/${body.operationId}`);
    expect(await finished(program.admin, headers.get('location') as string)).toEqual({
      state: 'done',
      revoked: 7,
    });

    for (const client of people.flatMap(({ clients }) => clients)) {
      expect((await client.get('/auth/session')).status).toBe(401);
    }
    expect((await program.admin.get('/auth/session')).status).toBe(200);
    expect(await redis.keys('lk:sess:{*')).toHaveLength(1);
    expect((await program.admin.get(`/admin/users/${people[0]?.id}/sessions`)).body.total).toBe(0);
  });

  it('ends the other sessions of the admin himself', async () => {
    const { id, clients } = await program.person('many@example.com', { roles: ['admin'], sessions: 3 });
    const caller = clients[0] as CookieClient;
    const { headers } = await caller.delete('/admin/sessions');
    await finished(caller, headers.get('location') as string);
    const { body } = await caller.get(`/admin/users/${id}/sessions`);
    expect(body.items.map(({ current }: { current: boolean }) => current)).toEqual([true]);
    // The first admin was kept by the operation before, and ended by this one.
    expect((await program.admin.get('/auth/session')).status).toBe(401);
  });
});

describe('GET /admin/operations/:id', () => {
  it('answers 404 for an operation that is not there', async () => {
    const { clients } = await program.person('looker@example.com', { roles: ['admin'] });
    const { status, body } = await (clients[0] as CookieClient).get('/admin/operations/no-such-operation');
    expect([status, body.code]).toEqual([404, 'OPERATION_NOT_FOUND']);
  });
});
