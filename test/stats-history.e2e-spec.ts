import { beforeEach, describe, expect, it } from '@jest/globals';

import { SessionSampler } from '../src/admin/session-sampler.js';
import { type StatsHistory, StatsHistoryService } from '../src/admin/stats-history.service.js';
import { AuditRepository, AuditTrail, SessionSamplesRepository } from '../src/audit/index.js';
import type { Database } from '../src/database/index.js';
import type { SessionService } from '../src/session/index.js';
import { startAdminApp } from './support/admin-app.js';
import { onEachDatabase } from './support/databases.js';
import { expectProblem } from './support/problems.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
// Twenty past ten: a quarter that is neither the first nor the last of its hour.
const NOW = Date.UTC(2026, 2, 3, 10, 20);

onEachDatabase('GET /admin/stats/history', (databases) => {
  let database: Database;
  let live: number | Error;
  let counted: number;

  beforeEach(async () => {
    database = databases.open();
    await database.migrate();
    live = 7;
    counted = 0;
  });

  /** What one node has of it. */
  const node = () => {
    const connection = databases.open();
    const sessions = {
      stats: () => {
        counted += 1;
        return live instanceof Error ? Promise.reject(live) : Promise.resolve({ liveSessions: live });
      },
    } as unknown as SessionService;
    const events = new AuditTrail(new AuditRepository(connection));
    const options = { events, samples: new SessionSamplesRepository(connection), users: {} as never };
    const sampler = new SessionSampler(options, sessions);
    return { sampler, past: new StatsHistoryService(options, sampler), options };
  };
  let rows = 0;
  const happened = async (type: string, at: number, count: number | null = null): Promise<void> => {
    await database.kysely
      .insertInto('audit_events')
      .values({
        id: `event-${(rows += 1)}`,
        at,
        type,
        user_id: null,
        actor_id: null,
        session_id: null,
        ip: null,
        user_agent: null,
        request_id: null,
        detail: null,
        count,
      })
      .execute();
  };
  const bucketAt = ({ items }: StatsHistory, at: number) =>
    items.find((item) => item.at === new Date(at).toISOString());

  it('has every bucket, oldest first, up to the present one', async () => {
    const { past } = node();
    const day = await past.history(24, NOW);
    expect([day.bucketMinutes, day.items.length]).toEqual([15, 96]);
    expect(day.items.at(-1)?.at).toBe('2026-03-03T10:15:00.000Z');
    expect(day.items[0]?.at).toBe('2026-03-02T10:30:00.000Z');
    const week = await past.history(168, NOW);
    expect([week.bucketMinutes, week.items.length]).toEqual([60, 168]);
    expect(week.items.at(-1)?.at).toBe('2026-03-03T10:00:00.000Z');
    expect((await past.history(1, NOW)).items).toHaveLength(4);
  });

  it('counts events in the bucket that they happened in, rows that stand for several as so many', async () => {
    const eight = Date.UTC(2026, 2, 3, 8);
    await happened('login.succeeded', eight);
    await happened('login.succeeded', eight + 15 * MINUTE - 1);
    await happened('login.succeeded', eight + 15 * MINUTE);
    await happened('login.failed', eight + MINUTE);
    await happened('login.throttled', eight + MINUTE, 40);
    await happened('login.throttled', eight + 2 * MINUTE, 2);
    for (const type of ['session.revoked', 'sessions.revoked', 'user.disabled', 'password.changed', 'logout'])
      await happened(type, eight + 3 * MINUTE);
    const { past } = node();
    const counts = { logins: 2, failedLogins: 1, throttledLogins: 42, revocations: 4 };
    const none = { logins: 0, failedLogins: 0, throttledLogins: 0, revocations: 0 };
    const day = await past.history(24, NOW);
    expect(bucketAt(day, eight)).toMatchObject(counts);
    expect(bucketAt(day, eight + 15 * MINUTE)).toMatchObject({ ...none, logins: 1 });
    expect(bucketAt(day, eight - 15 * MINUTE)).toMatchObject(none);
    expect(bucketAt(await past.history(168, NOW), eight)).toMatchObject({ ...counts, logins: 3 });
  });

  it('asks again only about what may still change', async () => {
    const { past, options } = node();
    const asked: number[] = [];
    const countByTime = options.events.countByTime.bind(options.events);
    Object.assign(options.events, { countByTime });
    const recording = new StatsHistoryService(
      {
        ...options,
        events: Object.assign(Object.create(options.events) as AuditTrail, {
          countByTime: (...[types, sinceMs, stretchMs]: Parameters<AuditTrail['countByTime']>) => {
            asked.push((NOW - sinceMs) / HOUR);
            return countByTime(types, sinceMs, stretchMs);
          },
        }),
      },
      node().sampler,
    );
    await happened('login.succeeded', NOW - 5 * HOUR);
    const first = await recording.history(24, NOW);
    await happened('login.succeeded', NOW - MINUTE);
    const second = await recording.history(24, NOW + 1_000);
    expect(asked[0]).toBeGreaterThan(23);
    expect(asked[1]).toBeLessThan(0.75);
    expect(second.items.slice(0, -1)).toEqual(first.items.slice(0, -1));
    expect(second.items.at(-1)?.logins).toBe(1);
    // Further back than what is known; and a node that knows nothing says the same.
    expect(await recording.history(168, NOW)).toEqual(await past.history(168, NOW));
    // The next day, when the oldest are of no interest any more.
    expect(await recording.history(24, NOW + 20 * HOUR)).toEqual(await past.history(24, NOW + 20 * HOUR));
  });

  it('counts what lies between two times that were asked for', async () => {
    const { past } = node();
    const monday = NOW + 72 * HOUR;
    await happened('login.succeeded', monday - 40 * HOUR);
    await past.history(24, NOW);
    await past.history(24, monday);
    const { items } = await past.history(48, monday);
    expect(items.filter(({ logins }) => logins > 0)).toHaveLength(1);
    expect(items).toEqual((await node().past.history(48, monday)).items);
  });

  it('has one sample of live sessions for each quarter of an hour, however many nodes there are', async () => {
    const nodes = [node(), node(), node()];
    await Promise.all(nodes.map(({ sampler }) => sampler.sample(NOW)));
    expect(counted).toBe(1);
    live = 9;
    await Promise.all(nodes.map(({ sampler }) => sampler.sample(NOW + 15 * MINUTE)));
    expect(counted).toBe(2);
    const { items } = await node().past.history(1, NOW + 16 * MINUTE);
    expect(items.map(({ liveSessions }) => liveSessions)).toEqual([null, null, 7, 9]);
  });

  it('takes the sample later when Redis did not answer', async () => {
    live = new Error('Redis is away');
    const { past } = node();
    expect((await past.history(1, NOW)).items.at(-1)?.liveSessions).toBeNull();
    live = 3;
    expect((await past.history(1, NOW)).items.at(-1)?.liveSessions).toBe(3);
  });

  it('forgets samples after eight days', async () => {
    const { sampler, options } = node();
    await sampler.sample(NOW);
    await sampler.sample(NOW + 7 * 24 * HOUR);
    expect(await options.samples.list(0)).toHaveLength(2);
    await sampler.sample(NOW + 9 * 24 * HOUR);
    expect(await options.samples.list(0)).toHaveLength(2);
  });
});

describe('GET /admin/stats/history of the program', () => {
  it('says what is going on, from the first look on', async () => {
    const program = await startAdminApp();
    try {
      const { status, body } = await program.admin.get('/admin/stats/history');
      expect(status).toBe(200);
      expect(body.items).toHaveLength(96);
      expect(body.items.at(-1).liveSessions).toBe(1);
      // The quarter may have ended since the login.
      const logins = (body as StatsHistory).items.map((item) => item.logins);
      expect(logins.reduce((sum, one) => sum + one, 0)).toBe(1);
      for (const hours of ['0', '169', '1.5', '', 'x'])
        expectProblem(await program.admin.get(`/admin/stats/history?hours=${hours}`), 'VALIDATION_FAILED');
    } finally {
      await program.close();
    }
  });
});
