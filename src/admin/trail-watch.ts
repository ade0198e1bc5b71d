import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ADMIN_OPTIONS, type AdminModuleOptions } from './admin.module-definition.js';
import type { StoredEvent } from './event-directory.js';

const POLL_EVERY_MS = 500;
// At most a tenth of the time is spent on asking, however slow the database is.
const PAUSE_FACTOR = 10;
// An event has the time at which its node began to write it. Until others can see it, seconds may pass, and clocks differ.
const OVERLAP_MS = 10_000;
// A row of throttled attempts is counted up for a quarter of an hour, and once more when that is over.
const GROWING = { type: 'login.throttled', limit: 100 } as const;
const GROWS_MS = 16 * 60_000;
// No more often than it is brought up to date.
const GROWTH_EVERY_MS = 5_000;
const PAGE = 500;
/** Most events that whoever comes back is given at once. */
const MOST_MISSED = 1_000;

type Listener = (event: StoredEvent) => void;

/** A time in which somebody watches. Each has what it has seen for itself: who comes next begins anew. */
interface Run {
  /** Resolves when it misses nothing from now on. */
  started: Promise<void>;
  /** Time and count of each event that may be read again, by id. */
  seen: Map<string, { atMs: number; count: unknown }>;
  fromMs: number;
  grownMs: number;
  timer?: NodeJS.Timeout;
}

/**
 * Follows the trail while somebody watches: one question to the database every half second for all who do. Events become
 * visible in another order than that of their times, so each time the last ten seconds are read again, and what was seen
 * is left out; nothing is skipped for having come late. Events that stand for several are asked about for as long as they
 * grow.
 */
@Injectable()
export class TrailWatch implements BeforeApplicationShutdown {
  private readonly listeners = new Set<Listener>();
  private run: Run | undefined;

  constructor(@Inject(ADMIN_OPTIONS) private readonly options: Pick<AdminModuleOptions, 'events'>) {}

  /**
   * Calls back for what is stored from now on: whoever asks for the trail when this has resolved misses nothing.
   * @returns to be called when nobody listens any more
   * @throws what the directory throws
   */
  async follow(listener: Listener): Promise<() => void> {
    this.listeners.add(listener);
    const leave = () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
    const run = (this.run ??= this.begin());
    try {
      await run.started;
    } catch (error) {
      // Whoever waits for the same one fails as well; whoever has come since has another.
      if (this.run === run) this.stop();
      leave();
      throw error;
    }
    return leave;
  }

  /**
   * What has come since somebody was last told something, oldest first, with what had been told in the ten seconds before;
   * null when that is unknown, or it is too much.
   */
  async missedSince(eventId: string): Promise<StoredEvent[] | null> {
    const { events } = this.options;
    const last = await events.find?.(eventId);
    if (!last || !events.listFrom) return null;
    const found = await events.listFrom({ atMs: Date.parse(last.at) - OVERLAP_MS }, MOST_MISSED + 1);
    return found.length > MOST_MISSED ? null : found.filter(({ id }) => id !== eventId);
  }

  /** @internal Called by Nest. */
  beforeApplicationShutdown(): void {
    this.stop();
  }

  private begin(): Run {
    const run: Run = {
      started: Promise.resolve(),
      seen: new Map(),
      fromMs: Date.now() - OVERLAP_MS,
      grownMs: -Infinity,
    };
    // What is there already is for whoever asks for the trail.
    run.started = this.read(run).then(() => this.planNext(run, POLL_EVERY_MS));
    return run;
  }

  private stop(): void {
    clearTimeout(this.run?.timer);
    this.run = undefined;
  }

  private planNext(run: Run, inMs: number): void {
    if (this.run === run) run.timer = setTimeout(() => void this.poll(run), inMs).unref();
  }

  private async poll(run: Run): Promise<void> {
    const startMs = performance.now();
    // What could not be read is read the next time: the place stays.
    const events = await this.read(run).catch(() => []);
    // Nobody watches any more, or somebody else has begun anew.
    if (this.run !== run) return;
    for (const event of events) for (const listener of this.listeners) listener(event);
    this.planNext(run, Math.max(POLL_EVERY_MS, (performance.now() - startMs) * PAUSE_FACTOR));
  }

  /** What was not seen before, oldest first. */
  private async read(run: Run): Promise<StoredEvent[]> {
    const { events } = this.options;
    if (!events.listFrom) return [];
    const nowMs = Date.now();
    const found: StoredEvent[] = [];
    const isDue = performance.now() - run.grownMs >= GROWTH_EVERY_MS;
    if (isDue) found.push(...(await this.growing(nowMs - GROWS_MS)));
    let from: { atMs: number; id?: string } | undefined = { atMs: run.fromMs };
    while (from) {
      const page: StoredEvent[] = await events.listFrom(from, PAGE);
      found.push(...page);
      const last = page.at(-1);
      from = last && page.length === PAGE ? { atMs: Date.parse(last.at), id: last.id } : undefined;
    }
    if (isDue) run.grownMs = performance.now();
    run.fromMs = nowMs - OVERLAP_MS;
    return this.unseen(run, found, nowMs);
  }

  /** Events that may stand for more by now than when they were read, oldest first. */
  private async growing(sinceMs: number): Promise<StoredEvent[]> {
    const found: StoredEvent[] = [];
    for (let cursor: string | undefined; ;) {
      const { items, nextCursor } = await this.options.events.list({ ...GROWING, cursor });
      const young = items.filter(({ at }) => Date.parse(at) >= sinceMs);
      found.push(...young);
      if (young.length === 0 || young.length < items.length || nextCursor === null) return found.reverse();
      cursor = nextCursor;
    }
  }

  private unseen({ seen }: Run, found: StoredEvent[], nowMs: number): StoredEvent[] {
    const fresh: StoredEvent[] = [];
    for (const event of found) {
      const count = event.detail?.['count'];
      const known = seen.get(event.id);
      if (known && known.count === count) continue;
      seen.set(event.id, { atMs: Date.parse(event.at), count });
      fresh.push(event);
    }
    for (const [id, { atMs, count }] of seen)
      if (atMs < nowMs - (count === undefined ? OVERLAP_MS : GROWS_MS)) seen.delete(id);
    return fresh;
  }
}

/** Tells events apart: one that stands for several is another when it stands for more. */
export function keyOf({ id, detail }: StoredEvent): string {
  return `${id} ${JSON.stringify(detail?.['count'])}`;
}
