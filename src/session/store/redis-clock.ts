import type { Cluster, Redis } from 'ioredis';

const SAMPLE_INTERVAL_MS = 30_000;

/**
 * Redis's clock, as near as a node can tell. Every comparison of session times uses it, so a host whose wall clock is
 * wrong, or is set while it runs, changes nothing: only the process's monotonic clock is read.
 */
export class RedisClock {
  private offsetMs: number | undefined;
  private sampling: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly client: Redis | Cluster) {}

  /** Milliseconds since the epoch by Redis's clock. Before the first sample, the host's own. */
  now(): number {
    return this.offsetMs === undefined ? Date.now() : performance.now() + this.offsetMs;
  }

  /** Learns from a reply that carried Redis's time; late by at most the way back. */
  observe(redisNowMs: number): void {
    this.offsetMs = redisNowMs - performance.now();
  }

  /** Resolves when there is a sample. Asks Redis once, however many wait. */
  async ready(): Promise<void> {
    if (this.offsetMs !== undefined) return;
    this.sampling ??= this.sample().finally(() => (this.sampling = undefined));
    await this.sampling;
  }

  /** Keeps sampling, because monotonic clocks drift. The timer does not keep the process alive. */
  start(): void {
    this.timer ??= setInterval(() => {
      // An outage is reported by whoever needs Redis for a request; the old offset stays good meanwhile.
      this.sample().catch(() => undefined);
    }, SAMPLE_INTERVAL_MS).unref();
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = undefined;
  }

  private async sample(): Promise<void> {
    const sent = performance.now();
    const [seconds, microseconds] = await this.client.time();
    const received = performance.now();
    this.offsetMs = Number(seconds) * 1000 + Number(microseconds) / 1000 - (sent + received) / 2;
  }
}
