import { Counter, type Registry } from 'prom-client';

import { HashObserver } from '../auth/index.js';
import { type Latency, LatencyHistogram } from './latency-histogram.js';

// From nothing to the end of a queue of 64 on one core.
const WAIT_BUCKETS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const HASH_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1];

/** What password hashes cost those who wait for them. */
export class HashMetrics extends HashObserver {
  private readonly waits: Latency;
  private readonly hashes: Latency;
  private readonly refused: Counter;

  constructor(registry: Registry) {
    super();
    this.waits = new LatencyHistogram(registry, {
      name: 'latchkey_password_hash_wait_seconds',
      help: 'Time that a password waited for its turn to be hashed.',
      buckets: WAIT_BUCKETS,
    }).with();
    this.hashes = new LatencyHistogram(registry, {
      name: 'latchkey_password_hash_duration_seconds',
      help: 'Time that hashing or comparing one password took.',
      buckets: HASH_BUCKETS,
    }).with();
    this.refused = new Counter({
      name: 'latchkey_password_hash_refused_total',
      help: 'Logins and other acts that were refused with 503 LOGIN_BUSY since the queue was full.',
      registers: [registry],
    });
  }

  onHash(waitedMs: number, durationMs: number): void {
    this.waits.observe(waitedMs / 1_000);
    this.hashes.observe(durationMs / 1_000);
  }

  onRefused(): void {
    this.refused.inc();
  }
}
