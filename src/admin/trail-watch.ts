import { Inject, Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { ADMIN_OPTIONS, type AdminModuleOptions } from './admin.module-definition.js';
import type { StoredEvent } from './event-directory.js';

const POLL_EVERY_MS = 500;
// At most a tenth of the time is spent on asking, however slow the database is.
const PAUSE_FACTOR = 10;
// An event has the time at which its node began to write it. Until others can see it, seconds may pass, and clocks differ.
const OVERLAP_MS = 10_000;
const PAGE = 500;
/** Most events that whoever comes back is given at once. */
const MOST_MISSED = 1_000;

type Listener = (event: StoredEvent) => void;

/**
 * Follows the trail while somebody watches: one question to the database every half second for all who do. Events become
 * visible in another order than that of their times, so each time the last ten seconds are read again, and what was seen
 * is left out; nothing is skipped for having come late.
 */
@Injectable()
export class TrailWatch implements BeforeApplicationShutdown {
  private readonly listeners = new Set<Listener>();
  /** Time of each event, by id and count, of the last seconds. */
  private readonly seen = new Map<string, number>();
  private timer: NodeJS.Timeout | undefined;
  private followingFromMs = 0;
  private starting: Promise<void> | undefined;

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
    try {
      this.starting ??= this.start();
      await this.starting;
    } catch (error) {
      this.starting = undefined;
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

  private async start(): Promise<void> {
    this.followingFromMs = Date.now() - OVERLAP_MS;
    // What is there already is for whoever asks for the trail.
    await this.read();
    this.planNext(POLL_EVERY_MS);
  }

  private stop(): void {
    clearTimeout(this.timer);
    this.starting = undefined;
    this.seen.clear();
  }

  private planNext(inMs: number): void {
    clearTimeout(this.timer);
    if (this.listeners.size === 0) return;
    this.timer = setTimeout(() => void this.poll(), inMs).unref();
  }

  private async poll(): Promise<void> {
    const startMs = performance.now();
    const { starting } = this;
    // What could not be read is read the next time: the place stays.
    const events = await this.read().catch(() => []);
    // Somebody else has begun anew meanwhile.
    if (this.starting !== starting) return;
    for (const event of events) for (const listener of this.listeners) listener(event);
    this.planNext(Math.max(POLL_EVERY_MS, (performance.now() - startMs) * PAUSE_FACTOR));
  }

  /** What was not seen before, oldest first. */
  private async read(): Promise<StoredEvent[]> {
    const nextFromMs = Date.now() - OVERLAP_MS;
    const fresh: StoredEvent[] = [];
    let from: { atMs: number; id?: string } | undefined = { atMs: this.followingFromMs };
    while (from) {
      const page: StoredEvent[] = (await this.options.events.listFrom?.(from, PAGE)) ?? [];
      for (const event of page) if (!this.seen.has(keyOf(event))) fresh.push(event);
      const last = page.at(-1);
      from = last && page.length === PAGE ? { atMs: Date.parse(last.at), id: last.id } : undefined;
    }
    for (const event of fresh) this.seen.set(keyOf(event), Date.parse(event.at));
    this.followingFromMs = nextFromMs;
    for (const [key, atMs] of this.seen) if (atMs < nextFromMs) this.seen.delete(key);
    return fresh;
  }
}

/** Tells events apart: one that stands for several is another when it stands for more. */
export function keyOf({ id, detail }: StoredEvent): string {
  return `${id} ${JSON.stringify(detail?.['count'])}`;
}
