import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { TrailWatch } from '../src/admin/trail-watch.js';
import { Database } from '../src/database/index.js';
import { SessionSockets } from '../src/session/index.js';
import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';
import type { EventReader } from './support/event-reader.js';
import { type LiveNodes, startLiveNodes } from './support/live-nodes.js';
import { expectProblem } from './support/problems.js';
import { poll } from './support/redis-process.js';

describe('GET /admin/live, when much comes together', () => {
  let nodes: LiveNodes;
  beforeAll(async () => {
    nodes = await startLiveNodes({}, { mayBreak: true });
  });
  afterAll(() => nodes.close());
  afterEach(() => nodes.closeStreams());

  let batches = 0;
  /** Writes events into the trail at once, as long as the longest user agent makes them. @returns their ids */
  const happen = async (count: number): Promise<string[]> => {
    const batch = (batches += 1);
    const at = Date.now();
    const ids = Array.from({ length: count }, (_, i) => `${batch}x${String(i).padStart(4, '0')}`);
    const { kysely } = nodes.far.app.get(Database, { strict: false });
    const event = { at, type: 'logout', actor_id: null, session_id: null, ip: null, count: null };
    const more = { user_id: null, user_agent: 'x'.repeat(256), request_id: null, detail: null };
    await kysely
      .insertInto('audit_events')
      .values(ids.map((id) => ({ id, ...event, ...more })))
      .execute();
    return ids;
  };
  const toldBy = async (stream: EventReader, last = '') => {
    while ((await stream.until('trail')).id !== last);
    return stream.events.flatMap(({ id }) => id ?? []);
  };

  it('brings whoever comes back as much as it says', async () => {
    const [first = ''] = await happen(1);
    const ids = await happen(990);
    const stream = await nodes.watch(nodes.near.admin, '/admin/live', { 'last-event-id': first });
    expect((await toldBy(stream, ids.at(-1))).slice(-ids.length)).toEqual(ids);
  });

  it('brings everything that happens in one instant to all who watch', async () => {
    const streams = await Promise.all([1, 2, 3].map(() => nodes.watch(nodes.near.admin, '/admin/live')));
    const ids = await happen(800);
    for (const stream of streams) expect((await toldBy(stream, ids.at(-1))).slice(-ids.length)).toEqual(ids);
    expect(streams.map(({ isOver }) => isOver)).toEqual([false, false, false]);
  });

  it('tells nothing of the trail while nobody can say whose session lives, and all of it afterwards', async () => {
    const stream = await nodes.watch(nodes.near.admin, '/admin/live');
    await stream.until('stats');
    nodes.redis.freeze();
    const ids: string[] = [];
    try {
      await stream.until('unavailable');
      const leave = await nodes.near.app.get(TrailWatch, { strict: false }).follow(({ id }) => ids.push(id));
      await happen(3);
      // Streams are told first: they have been there for longer.
      await poll(() => Promise.resolve(ids.length === 3));
      leave();
    } finally {
      nodes.redis.thaw();
    }
    const back = await stream.until('ready');
    expect(await toldBy(stream, ids.at(-1))).toEqual(ids);
    expect(stream.events.indexOf(back)).toBeLessThan(stream.events.findIndex(({ id }) => id === ids[0]));
  });

  it('is not opened for who is demoted while it is', async () => {
    const { id } = await nodes.near.createUser({ email: 'second@example.com', roles: ['admin'] });
    const second = new BearerClient(nodes.near.url);
    await second.login({ email: 'second@example.com', password: PASSWORD });
    const sockets = nodes.near.app.get(SessionSockets, { strict: false });
    const follow = sockets.follow.bind(sockets);
    // Behind the guard.
    jest.spyOn(sockets, 'follow').mockImplementationOnce(async (req) => {
      await nodes.near.admin.patch(`/admin/users/${id}`, { roles: [] });
      return follow(req);
    });
    expectProblem(await second.get('/admin/live'), 'FORBIDDEN');
  });
});
