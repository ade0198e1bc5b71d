import type { RateLimitPolicy } from '../auth.errors.js';
import { integers, type ThrottleClient } from './throttle.scripts.js';

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
  constructor(private readonly client: ThrottleClient) {}

  async read(windows: readonly CountedWindow[]): Promise<WindowCount[]> {
    return Promise.all(windows.map((window) => counted(window, this.client.lkReadWindow(window.key))));
  }

  /** Counts one more in each. */
  async count(windows: readonly CountedWindow[]): Promise<WindowCount[]> {
    return Promise.all(
      windows.map((window) =>
        counted(window, this.client.lkCountInWindow(window.key, window.policy.windowSeconds * 1_000)),
      ),
    );
  }
}

async function counted(window: CountedWindow, reply: Promise<unknown>): Promise<WindowCount> {
  return { ...window, ...(await integers(reply, 'nowMs', 'count', 'leftMs')) };
}
