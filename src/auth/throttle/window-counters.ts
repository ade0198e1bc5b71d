import type { RateLimitPolicy } from '../auth.errors.js';
import type { ThrottleRedis } from './throttle.scripts.js';

/** Something of which there may be so much in a window of time. */
export interface CountedWindow {
  policy: RateLimitPolicy;
  /** The Redis key that counts it. */
  key: string;
}

/** A window as it stands. */
export interface WindowCount extends CountedWindow {
  /** Redis's time, ms. */
  nowMs: number;
  count: number;
  leftMs: number;
}

/** Counters that begin anew with every window of time. One command per counter, together in one round trip. */
export class WindowCounters {
  constructor(private readonly redis: ThrottleRedis) {}

  async read(windows: readonly CountedWindow[]): Promise<WindowCount[]> {
    return Promise.all(
      windows.map((window) => this.counted(window, this.redis.client.lkReadWindow(window.key))),
    );
  }

  /** Counts one more in each. */
  async count(windows: readonly CountedWindow[]): Promise<WindowCount[]> {
    return Promise.all(
      windows.map((window) =>
        this.counted(
          window,
          this.redis.client.lkCountInWindow(window.key, window.policy.windowSeconds * 1_000),
        ),
      ),
    );
  }

  private async counted(window: CountedWindow, reply: Promise<unknown>): Promise<WindowCount> {
    return { ...window, ...(await this.redis.integers(reply, 'nowMs', 'count', 'leftMs')) };
  }
}
