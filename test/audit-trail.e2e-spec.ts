import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { InvalidCursorError } from '../src/admin/index.js';
import { AuditRetention } from '../src/audit/audit-retention.js';
import { AuditTrail } from '../src/audit/audit-trail.js';
import { AuditRepository } from '../src/audit/audit.repository.js';
import type { SecurityEvent } from '../src/auth/index.js';
import type { Database } from '../src/database/index.js';
import { onEachDatabase } from './support/databases.js';

const DAY_MS = 86_400_000;

onEachDatabase('the trail', (databases) => {
  let database: Database;
  let trail: AuditTrail;

  beforeEach(async () => {
    database = databases.open();
    await database.migrate();
    trail = new AuditTrail(new AuditRepository(database));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const event = (
    type: SecurityEvent['type'],
    userId: string | null = 'ann',
    more: Partial<SecurityEvent> = {},
  ): SecurityEvent => ({
    type,
    userId,
    actorId: userId,
    ...more,
  });

  it('keeps an event as it was told', async () => {
    const told = event('user.roles_changed', 'ann', {
      actorId: 'root',
      sessionId: 'handle',
      ip: '2001:db8::1',
      userAgent: 'Mozilla/5.0',
      requestId: 'req-1',
      detail: { roles: ['a', 'b'], count: 2, forced: false, note: 'nul\0 and "quotes"' },
    });
    await trail.record(told);
    const { items } = await trail.list({ limit: 10 });
    expect(items).toEqual([{ ...told, id: expect.any(String), at: expect.stringMatching(/Z$/) }]);
  });

  it('adds events of one id up in one row, from several instances at once', async () => {
    const other = new AuditTrail(new AuditRepository(databases.open()));
    const repeated = (count: number, userId: string | null = null) =>
      event('login.throttled', userId, { detail: { act: 'login' }, repeat: { id: 'window-1', count } });
    await trail.record(repeated(1));
    await Promise.all([trail, other, trail, other].map((instance) => instance.record(repeated(5))));
    await trail.record(repeated(0, 'ann'));
    await trail.record(repeated(2, 'not ann'));
    await trail.record(event('logout', 'bob'));
    const { items } = await trail.list({ limit: 10 });
    expect(items.map(({ type, userId, detail }) => ({ type, userId, detail }))).toEqual([
      { type: 'logout', userId: 'bob', detail: undefined },
      { type: 'login.throttled', userId: 'ann', detail: { act: 'login', count: 23 } },
    ]);
  });

  it('cuts what a client can make long', async () => {
    await trail.record(
      event('login.failed', null, {
        userAgent: 'x\0'.repeat(5_000),
        requestId: 'r'.repeat(5_000),
        detail: { note: 'y'.repeat(10_000) },
      }),
    );
    const { items } = await trail.list({ limit: 10 });
    expect(items[0]).toMatchObject({
      userAgent: 'x\uFFFD'.repeat(128),
      requestId: 'r'.repeat(128),
      detail: { omitted: expect.any(String) },
    });
    expect(items[0]?.userId).toBeNull();
  });

  it('lists the newest first, filters, and pages through each event once', async () => {
    for (let i = 0; i < 7; i += 1) await trail.record(event('logout', 'ann', { requestId: String(i) }));
    await trail.record(event('login.succeeded', 'ann'));
    await trail.record(event('logout', 'bob'));
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await trail.list({ userId: 'ann', type: 'logout', limit: 3, cursor });
      seen.push(...page.items.map(({ requestId }) => requestId ?? ''));
      await trail.record(event('logout', 'ann', { requestId: 'late' }));
      cursor = page.nextCursor ?? undefined;
    } while (cursor);
    expect(seen).toEqual(['6', '5', '4', '3', '2', '1', '0']);
    await expect(trail.list({ userId: 'bob', limit: 5 })).resolves.toMatchObject({
      items: [{ userId: 'bob' }],
      nextCursor: null,
    });
    await expect(trail.list({ userId: 'a\0b', limit: 5 })).resolves.toEqual({ items: [], nextCursor: null });
    await expect(trail.list({ limit: 5, cursor: '!' })).rejects.toBeInstanceOf(InvalidCursorError);
  });

  it('counts by type since a time', async () => {
    jest.spyOn(Date, 'now').mockReturnValueOnce(1_000);
    for (let i = 0; i < 3; i += 1) await trail.record(event('logout'));
    await expect(trail.countSince(['logout', 'login.failed'], 1_001)).resolves.toEqual({
      logout: 2,
      'login.failed': 0,
    });
    await expect(trail.countSince(['logout'], 1_000)).resolves.toEqual({ logout: 3 });
    await expect(trail.countSince([], 0)).resolves.toEqual({});
  });

  it('forgets what is older than it may become', async () => {
    jest
      .spyOn(Date, 'now')
      .mockReturnValueOnce(Date.now() - 31 * DAY_MS)
      .mockReturnValueOnce(Date.now() - 29 * DAY_MS);
    for (const requestId of ['old', 'young', 'new'])
      await trail.record(event('logout', 'ann', { requestId }));
    await expect(
      new AuditRetention(new AuditRepository(database), { retentionDays: 30 }).deleteOld(),
    ).resolves.toBe(1);
    const { items } = await trail.list({ limit: 10 });
    expect(items.map(({ requestId }) => requestId)).toEqual(['new', 'young']);
  });

  it('never fails the call that reports to it, and logs what it could not keep', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await sql`drop table audit_events`.execute(database.kysely);
    await expect(trail.record(event('logout', 'ann', { requestId: 'req-7' }))).resolves.toBeUndefined();
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('req-7'));
  });
});
