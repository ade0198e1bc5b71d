import type { SecurityEventType } from '../auth/index.js';
import { FAILED_LOGINS, LOGINS, REVOCATIONS, THROTTLED_LOGINS } from './admin-stats.service.js';
import type { EventDirectory } from './event-directory.js';

/** What history is counted by, ms. */
export const QUARTER_MS = 900_000;

// A row of throttled attempts stands for all of a quarter of an hour after its first; then it may still be on its way.
const SETTLED_AFTER_MS = QUARTER_MS + 60_000;

/** What happened in some time. */
export interface Counts {
  logins: number;
  failedLogins: number;
  throttledLogins: number;
  revocations: number;
}

const GROUPS: [keyof Counts, readonly SecurityEventType[]][] = [
  ['logins', LOGINS],
  ['failedLogins', FAILED_LOGINS],
  ['throttledLogins', THROTTLED_LOGINS],
  ['revocations', REVOCATIONS],
];
const TYPES = GROUPS.flatMap(([, types]) => types);

/** Where the quarter of an hour begins that a moment is in, ms since the epoch. */
export function quarterOf(ms: number): number {
  return Math.floor(ms / QUARTER_MS) * QUARTER_MS;
}

/** The sum of some counts. */
export function sumOf(counts: (Counts | undefined)[]): Counts {
  const sum = { logins: 0, failedLogins: 0, throttledLogins: 0, revocations: 0 };
  for (const one of counts) for (const [name] of GROUPS) sum[name] += one?.[name] ?? 0;
  return sum;
}

/**
 * What the trail holds, by quarters of an hour. What cannot change any more is counted once and remembered, so that the
 * database is asked about the last half hour, however much is asked for.
 */
export class Quarters {
  private readonly settled = new Map<number, Counts>();
  /** Every quarter from here on up to the last one that is settled is in `settled`. */
  private settledFromMs = Infinity;
  private settledToMs = -Infinity;

  constructor(private readonly countByTime: NonNullable<EventDirectory['countByTime']>) {}

  /** @param fromMs beginning of a quarter */
  async since(fromMs: number, nowMs: number): Promise<ReadonlyMap<number, Counts>> {
    const isKnown = fromMs >= this.settledFromMs && fromMs < this.settledToMs;
    const askFromMs = isKnown ? this.settledToMs : fromMs;
    const found = new Map<number, Counts>();
    for (const { atMs, type, events } of await this.countByTime(TYPES, askFromMs, QUARTER_MS)) {
      const counts = found.get(atMs) ?? sumOf([]);
      for (const [name, types] of GROUPS) if (types.includes(type)) counts[name] += events;
      found.set(atMs, counts);
    }
    this.remember(askFromMs, nowMs, found);
    return new Map([...this.settled, ...found]);
  }

  private remember(fromMs: number, nowMs: number, found: ReadonlyMap<number, Counts>): void {
    const toMs = quarterOf(nowMs - SETTLED_AFTER_MS);
    if (toMs <= fromMs) return;
    // Nobody has asked about what lies between.
    if (fromMs > this.settledToMs) this.forget();
    for (let atMs = fromMs; atMs < toMs; atMs += QUARTER_MS)
      this.settled.set(atMs, found.get(atMs) ?? sumOf([]));
    this.settledFromMs = Math.min(this.settledFromMs, fromMs);
    this.settledToMs = Math.max(this.settledToMs, toMs);
    // What nobody asks for any more.
    const oldestMs = nowMs - LONGEST_MS;
    for (const atMs of this.settled.keys()) if (atMs < oldestMs) this.settled.delete(atMs);
    this.settledFromMs = Math.max(this.settledFromMs, quarterOf(oldestMs) + QUARTER_MS);
  }

  private forget(): void {
    this.settled.clear();
    this.settledFromMs = Infinity;
    this.settledToMs = -Infinity;
  }
}

// The longest history that can be asked for, and a day.
const LONGEST_MS = 8 * 24 * 3_600_000;
