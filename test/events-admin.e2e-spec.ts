import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { AuditTrail } from '../src/audit/index.js';
import { Database } from '../src/database/index.js';
import { TrailWatch } from '../src/admin/trail-watch.js';
import { credentialOf, EventReader } from './support/event-reader.js';
import { type LiveNodes, startLiveNodes } from './support/live-nodes.js';
import { expectProblem } from './support/problems.js';
import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';

describe('GET /admin/live', () => {
  let nodes: LiveNodes;
  beforeAll(async () => {
    nodes = await startLiveNodes();
  });
  afterAll(() => nodes.close());
  // Each stream is one of the few that a session may have; and without any nobody follows the trail.
  afterEach(() => nodes.closeStreams());

  const trailOf = (node: { app: LiveNodes['far']['app'] }) => node.app.get(AuditTrail, { strict: false });
  const open = (path = '/admin/live', headers = {}) => nodes.watch(nodes.near.admin, path, headers);

  it('tells of what other nodes have written into the trail, under the ids that GET /admin/events has', async () => {
    const stream = await open();
    await nodes.login('ada');
    const { id, data } = await stream.until('trail');
    const { body } = await nodes.near.admin.get('/admin/events?limit=1');
    expect(data).toEqual(body.items[0]);
    expect(id).toBe(body.items[0].id);
    expect(data).toMatchObject({ type: 'login.succeeded', userId: nodes.idOf('ada') });
  });

  it('tells nobody twice, and not what was there before', async () => {
    await nodes.login('ada');
    const streams = [await open(), await open()];
    for (let i = 0; i < 3; i += 1) {
      await nodes.login('ada');
      for (const stream of streams) await stream.until('trail');
    }
    // Long enough for the last ten seconds to be read again.
    await new Promise((resolve) => setTimeout(resolve, 1_200));
    for (const { events } of streams) {
      const ids = events.flatMap(({ id }) => id ?? []);
      expect(ids).toHaveLength(3);
      expect(new Set(ids).size).toBe(3);
    }
  });

  it('tells of an event that has become visible after a later one', async () => {
    const stream = await open();
    await trailOf(nodes.far).record({ type: 'logout', userId: 'late', actorId: null });
    await stream.until('trail');
    const database = nodes.far.app.get(Database, { strict: false });
    const at = Date.now() - 5_000;
    await database.kysely
      .insertInto('audit_events')
      .values({
        id: `0000slow${at}`,
        at,
        type: 'logout',
        user_id: 'slow',
        actor_id: null,
        session_id: null,
        ip: null,
        user_agent: null,
        request_id: null,
        detail: null,
        count: null,
      })
      .execute();
    expect((await stream.until('trail')).data).toMatchObject({ userId: 'slow' });
  });

  it('brings whoever comes back what was missed, oldest first, and goes on', async () => {
    const stream = await open();
    await nodes.login('bob');
    const { id } = await stream.until('trail');
    stream.close();
    await trailOf(nodes.far).record({ type: 'logout', userId: 'first', actorId: null });
    await trailOf(nodes.near).record({ type: 'logout', userId: 'second', actorId: null });
    const again = await open('/admin/live', { 'last-event-id': id as string });
    await trailOf(nodes.far).record({ type: 'logout', userId: 'third', actorId: null });
    const told: string[] = [];
    while (told.at(-1) !== 'third') told.push((await again.until('trail')).data.userId as string);
    // What was told in the seconds before may come again, and nothing is left out.
    expect(told.slice(-3)).toEqual(['first', 'second', 'third']);
    const ids = again.events.flatMap((event) => event.id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).not.toContain(id);
  });

  it('brings nothing after an id that nobody knows, or one that is no id', async () => {
    for (const id of ['nothing', "x' or '1'='1", 'x'.repeat(5_000)]) {
      const stream = await open('/admin/live', { 'last-event-id': id });
      await stream.until('stats');
      expect(stream.events.filter(({ event }) => event === 'trail')).toEqual([]);
    }
  });

  it('counts anew when something has happened', async () => {
    const stream = await open();
    const { body: now } = await nodes.near.admin.get('/admin/stats');
    // What others were told a moment ago may come first.
    while ((await stream.until('stats')).data.logins !== now.logins);
    expect(stream.events.at(-1)?.data).toEqual(now);
    await nodes.login('carol');
    const { data: after } = await stream.until('stats');
    expect(after.logins).toBe((now.logins as number) + 1);
  });

  it('tells of sessions of the person who is watched, and of nobody else', async () => {
    await nodes.login('dora');
    const userId = nodes.idOf('dora');
    const stream = await open(`/admin/live?userId=${userId}`);
    await nodes.login('ada');
    await nodes.login('dora');
    expect((await stream.until('sessions')).data).toEqual({ userId });
    await nodes.near.admin.delete(`/admin/users/${userId}/sessions`);
    await stream.until('sessions');
    expect(stream.events.filter(({ event }) => event === 'sessions')).toHaveLength(2);
    expect(stream.isOver).toBe(false);
  });

  it('ends when the admin is one no more, and when the session ends', async () => {
    const id = (await nodes.near.createUser({ email: 'second@example.com', roles: ['admin'] })).id;
    const second = new BearerClient(nodes.far.url);
    await second.login({ email: 'second@example.com', password: PASSWORD });
    const demoted = await nodes.watch(second, '/admin/live');
    await nodes.near.admin.patch(`/admin/users/${id}`, { roles: [] });
    await demoted.over();
    expect(demoted.events.map(({ event }) => event)).not.toContain('ended');
    await nodes.near.admin.patch(`/admin/users/${id}`, { roles: ['admin'] });
    const ended = await nodes.watch(second, '/admin/live');
    await second.post('/auth/logout');
    expect((await ended.until('ended')).data).toEqual({ code: 'SESSION_ENDED', reason: 'logout' });
  });

  it('is nobody’s who is no admin, and of nobody who is not there', async () => {
    const ada = await nodes.login('ada');
    expectProblem(await ada.get('/admin/live'), 'FORBIDDEN');
    expectProblem(await new BearerClient(nodes.near.url).get('/admin/live'), 'UNAUTHENTICATED');
    expectProblem(await nodes.near.admin.get('/admin/live?userId=nobody'), 'USER_NOT_FOUND');
    expectProblem(await nodes.near.admin.get('/admin/live?else=1'), 'VALIDATION_FAILED');
  });

  it('asks the database once for all who watch, and not when nobody does', async () => {
    const asked = { listFrom: 0 };
    const events = {
      listFrom: () => {
        asked.listFrom += 1;
        return Promise.resolve([]);
      },
      list: () => Promise.resolve({ items: [], nextCursor: null }),
    } as unknown as AuditTrail;
    const watch = new TrailWatch({ events });
    const leaves = await Promise.all(Array.from({ length: 20 }, () => watch.follow(() => undefined)));
    expect(asked.listFrom).toBe(1);
    for (const leave of leaves) leave();
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(asked.listFrom).toBe(1);
  });

  it('is refused with a problem before it begins', async () => {
    const response = await EventReader.ask(`${nodes.near.url}/admin/live`, {
      ...(await credentialOf(nodes.near.admin)),
      authorization: 'Bearer lk_x.y',
    });
    response.resume();
    expect([response.statusCode, response.headers['content-type']]).toEqual([
      400,
      'application/problem+json',
    ]);
  });
});
