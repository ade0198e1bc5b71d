import { Inject, Injectable } from '@nestjs/common';
import { ProblemException } from '../problem/index.js';
import { ADMIN_OPTIONS, type AdminModuleOptions } from './admin.module-definition.js';
import { type Counts, QUARTER_MS, Quarters, sumOf } from './quarters.js';
import { SessionSampler } from './session-sampler.js';

const HOUR_MS = 3_600_000;
// Beyond two days a plot has no room for more than hours.
const FINE_HOURS = 48;
// A first look should show a number; a large installation has it a moment later.
const SAMPLE_PATIENCE_MS = 500;

/** What happened in one stretch of time. */
export interface HistoryItem extends Counts {
  /** Where it begins, ISO 8601 UTC. */
  at: string;
  /** The last sample in it; null when there is none. */
  liveSessions: number | null;
}

/** The past in stretches of equal length, oldest first, the last one the present. */
export interface StatsHistory {
  bucketMinutes: number;
  items: HistoryItem[];
}

/** What happened over time: events as the trail has them, live sessions as they were sampled. */
@Injectable()
export class StatsHistoryService {
  private readonly quarters: Quarters | undefined;

  constructor(
    @Inject(ADMIN_OPTIONS) private readonly options: AdminModuleOptions,
    private readonly sampler: SessionSampler,
  ) {
    const { events } = options;
    this.quarters = events.countByTime && new Quarters(events.countByTime.bind(events));
  }

  /**
   * @param hours 1 to 168
   * @throws ProblemException `NOT_FOUND` where the trail cannot count by time
   */
  async history(hours: number, nowMs = Date.now()): Promise<StatsHistory> {
    if (!this.quarters) throw new ProblemException('NOT_FOUND');
    const bucketMs = hours > FINE_HOURS ? HOUR_MS : QUARTER_MS;
    const lastMs = Math.floor(nowMs / bucketMs) * bucketMs;
    const firstMs = lastMs + bucketMs - hours * HOUR_MS;
    await this.sampleForAWhile(nowMs);
    const [counts, samples] = await Promise.all([
      this.quarters.since(firstMs, nowMs),
      this.options.samples?.list(firstMs) ?? [],
    ]);
    const items: HistoryItem[] = [];
    for (let atMs = firstMs; atMs <= lastMs; atMs += bucketMs) {
      const quarters = Array.from({ length: bucketMs / QUARTER_MS }, (_, n) =>
        counts.get(atMs + n * QUARTER_MS),
      );
      const sample = samples.filter((one) => one.atMs >= atMs && one.atMs < atMs + bucketMs).at(-1);
      items.push({
        at: new Date(atMs).toISOString(),
        liveSessions: sample?.liveSessions ?? null,
        ...sumOf(quarters),
      });
    }
    return { bucketMinutes: bucketMs / 60_000, items };
  }

  private async sampleForAWhile(nowMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => (timer = setTimeout(resolve, SAMPLE_PATIENCE_MS)));
    await Promise.race([this.sampler.sample(nowMs), patience]);
    clearTimeout(timer);
  }
}
