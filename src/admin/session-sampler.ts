import {
  Inject,
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';
import { describeError } from '../problem/index.js';
import { SessionService } from '../session/index.js';
import { ADMIN_OPTIONS, type AdminModuleOptions } from './admin.module-definition.js';
import { QUARTER_MS, quarterOf } from './quarters.js';

// So that not every node asks in the same instant.
const SPREAD_MS = 20_000;
const KEPT_MS = 8 * 24 * 3_600_000;

/**
 * Notes once in a quarter of an hour how many sessions are live, on one of the nodes: counting them means to walk over all
 * keys in Redis, some seconds of one connection for a million.
 */
@Injectable()
export class SessionSampler implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Stats');
  private timer: NodeJS.Timeout | undefined;
  private sampling: Promise<void> | undefined;
  private sampledMs = -Infinity;
  private isStopped = false;

  constructor(
    @Inject(ADMIN_OPTIONS) private readonly options: Pick<AdminModuleOptions, 'samples'>,
    private readonly sessions: SessionService,
  ) {}

  /** @internal Called by Nest. */
  onApplicationBootstrap(): void {
    if (this.options.samples) this.plan();
  }

  /** @internal Called by Nest. */
  async beforeApplicationShutdown(): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.sampling;
  }

  /** Takes the sample of this quarter, unless somebody has. Never rejects: an outage leaves a gap in a plot. */
  async sample(nowMs = Date.now()): Promise<void> {
    const atMs = quarterOf(nowMs);
    if (atMs <= this.sampledMs || this.isStopped) return;
    this.sampling ??= this.take(atMs)
      .catch((error: unknown) => this.logger.warn(`live sessions were not counted: ${describeError(error)}`))
      .finally(() => (this.sampling = undefined));
    await this.sampling;
  }

  private plan(): void {
    const nowMs = Date.now();
    const inMs = quarterOf(nowMs) + QUARTER_MS - nowMs + Math.random() * SPREAD_MS;
    this.timer = setTimeout(() => {
      this.plan();
      void this.sample();
    }, inMs).unref();
  }

  private async take(atMs: number): Promise<void> {
    const { samples } = this.options;
    if (!samples) return;
    if (await samples.claim(atMs)) {
      const counted = await this.sessions.stats().catch(() => null);
      await samples.settle(atMs, counted?.liveSessions ?? null);
      // Tried again when somebody asks.
      if (!counted) return;
      await samples.deleteBefore(atMs - KEPT_MS);
    }
    this.sampledMs = atMs;
  }
}
