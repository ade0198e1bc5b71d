import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import type { EventDirectory, EventSearch, StoredEvent } from './event-directory.js';
import { TrailWatch } from './trail-watch.js';

const NOW = Date.UTC(2026, 2, 3, 10, 20);
const POLL_MS = 500;
const MINUTE = 60_000;

/** A trail in memory, which can be held up. */
class Trail {
  readonly rows: StoredEvent[] = [];
  /** What reading waits for. */
  gate: Promise<void> | undefined;
  error: Error | undefined;
  lists = 0;

  add(id: string, atMs: number, count?: number): void {
    const type = count === undefined ? 'logout' : 'login.throttled';
    const detail = count === undefined ? undefined : { count };
    this.rows.push({ id, at: new Date(atMs).toISOString(), type, userId: null, actorId: null, detail });
  }

  async listFrom({ atMs, id = '' }: { atMs: number; id?: string }, limit: number): Promise<StoredEvent[]> {
    await this.gate;
    if (this.error) throw this.error;
    const found = this.rows
      .filter(({ at, id: own }) => Date.parse(at) > atMs || (Date.parse(at) === atMs && own > id))
      .slice(0, limit);
    return structuredClone(found);
  }

  list({
    type,
    limit,
    cursor = '0',
  }: EventSearch): Promise<{ items: StoredEvent[]; nextCursor: string | null }> {
    this.lists += 1;
    const all = this.rows.filter((row) => row.type === type).sort((a, b) => b.at.localeCompare(a.at));
    const end = Number(cursor) + limit;
    return Promise.resolve({
      items: structuredClone(all.slice(Number(cursor), end)),
      nextCursor: end < all.length ? String(end) : null,
    });
  }
}

describe('TrailWatch', () => {
  let trail: Trail;
  let watch: TrailWatch;
  beforeEach(() => {
    jest.useFakeTimers({ now: NOW, doNotFake: ['nextTick', 'setImmediate'] });
    trail = new Trail();
    watch = new TrailWatch({ events: trail as unknown as EventDirectory });
  });
  afterEach(() => {
    watch.beforeApplicationShutdown();
    jest.useRealTimers();
  });

  const tellTo = (told: string[]) => (event: StoredEvent) =>
    void told.push([event.id, event.detail?.['count']].filter((part) => part !== undefined).join(' '));
  const holdUp = () => {
    let release = (): void => undefined;
    trail.gate = new Promise((resolve) => (release = resolve));
    return () => {
      trail.gate = undefined;
      release();
    };
  };

  it('tells again of what stands for several for as long as it grows, once for each time it has', async () => {
    trail.add('old', NOW - 20 * MINUTE, 1);
    for (let i = 0; i < 150; i += 1) trail.add(`row${i}`, NOW - 14 * MINUTE, 1);
    const told: string[] = [];
    await watch.follow(tellTo(told));
    await jest.advanceTimersByTimeAsync(11_000);
    expect(told).toEqual([]);
    for (const at of [0, 1, 150]) Object.assign(trail.rows[at] as object, { detail: { count: 7 } });
    await jest.advanceTimersByTimeAsync(11_000);
    expect(told.sort()).toEqual(['row0 7', 'row149 7']);
    trail.add('row150', NOW + 22_000, 1);
    await jest.advanceTimersByTimeAsync(11_000);
    Object.assign(trail.rows.at(-1) as object, { detail: { count: 2 } });
    await jest.advanceTimersByTimeAsync(11_000);
    expect(told.slice(2)).toEqual(['row150 1', 'row150 2']);
  });

  it('asks about what grows every five seconds and no more often', async () => {
    await watch.follow(() => undefined);
    await jest.advanceTimersByTimeAsync(20_000);
    expect(trail.lists).toBeLessThanOrEqual(5);
  });

  it('tells whoever comes what a question that he has no part in finds as well', async () => {
    const leave = await watch.follow(() => undefined);
    const answer = holdUp();
    await jest.advanceTimersByTimeAsync(POLL_MS);
    leave();
    trail.gate = undefined;
    const told: string[] = [];
    await watch.follow(tellTo(told));
    trail.add('new', Date.now());
    answer();
    await jest.advanceTimersByTimeAsync(2 * POLL_MS);
    expect(told).toEqual(['new']);
  });

  it('begins anew, once, for who comes after a beginning that failed', async () => {
    trail.error = new Error('away');
    const answer = holdUp();
    const third: string[] = [];
    let joined: Promise<unknown> | undefined;
    const first = watch
      .follow(() => undefined)
      .catch(() => {
        trail.error = undefined;
        joined = watch.follow(tellTo(third));
      });
    const second = watch.follow(() => undefined).catch(() => 'refused');
    answer();
    await first;
    expect(await second).toBe('refused');
    await joined;
    const listFrom = jest.spyOn(trail, 'listFrom');
    trail.add('new', Date.now());
    // Joins the one that is under way, and so does nothing of its own.
    await watch.follow(() => undefined);
    expect(listFrom).not.toHaveBeenCalled();
    await jest.advanceTimersByTimeAsync(2 * POLL_MS);
    expect(third).toEqual(['new']);
  });
});
