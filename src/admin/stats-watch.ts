import { Injectable, type BeforeApplicationShutdown } from '@nestjs/common';
import { type AdminStats, AdminStatsService } from './admin-stats.service.js';

const TICK_MS = 1_000;
// Sessions expire without a word.
const OLD_MS = 5_000;
// Counting may take a hundredth of the time, whether there are a hundred sessions or a million.
const PAUSE_FACTOR = 100;

type Listener = (stats: AdminStats) => void;

/** Counts again while somebody watches, once for all who do: when something has happened, and now and then. */
@Injectable()
export class StatsWatch implements BeforeApplicationShutdown {
  private readonly listeners = new Set<Listener>();
  private timer: NodeJS.Timeout | undefined;
  private counting: Promise<void> | undefined;
  private latest: { stats: AdminStats; text: string } | undefined;
  private countedMs = -Infinity;
  private tookMs = 0;
  private isDirty = true;

  constructor(private readonly counts: AdminStatsService) {}

  /** Calls back with the counts as they are, and whenever they have changed. @returns to be called at the end */
  follow(listener: Listener): () => void {
    if (this.listeners.size === 0) this.isDirty = true;
    this.listeners.add(listener);
    if (this.latest && !this.isDue()) listener(this.latest.stats);
    else this.latest = undefined;
    this.timer ??= setInterval(() => this.tick(), TICK_MS).unref();
    this.tick();
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.beforeApplicationShutdown();
    };
  }

  /** Says that something has happened that they count. */
  note(): void {
    this.isDirty = true;
  }

  /** @internal Called by Nest. */
  beforeApplicationShutdown(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private isDue(): boolean {
    const sinceMs = performance.now() - this.countedMs;
    return (this.isDirty || sinceMs > OLD_MS) && sinceMs >= Math.max(TICK_MS, this.tookMs * PAUSE_FACTOR);
  }

  private tick(): void {
    if (!this.isDue()) return;
    // While Redis or the database is away, there is nothing to be told.
    this.counting ??= this.count()
      .catch(() => undefined)
      .finally(() => (this.counting = undefined));
  }

  private async count(): Promise<void> {
    const startMs = performance.now();
    this.isDirty = false;
    try {
      const stats = await this.counts.stats();
      const text = JSON.stringify(stats);
      if (text === this.latest?.text) return;
      this.latest = { stats, text };
      for (const listener of this.listeners) listener(stats);
    } finally {
      this.countedMs = performance.now();
      this.tookMs = this.countedMs - startMs;
    }
  }
}
