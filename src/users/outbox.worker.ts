import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';
import { describeError } from '../problem/index.js';
import { OutboxDelivery } from './outbox.delivery.js';
import { OutboxRepository, type OutboxEntry } from './outbox.repository.js';

const INTERVAL_MS = 1_000;
const BATCH = 20;
/** Longer than a batch takes while the session store answers within its timeouts. */
const LEASE_MS = 5_000;
const RETRY_MS = 1_000;
/** How long a start waits for what was left over: longer than a node that died may still hold an entry. */
const START_LIMIT_MS = 10_000;
const START_POLL_MS = 50;

/**
 * Brings to the sessions what their request could not: it crashed, or Redis was away. Runs on every node, at start and
 * every second; entries are claimed, so nodes do not do each other's work.
 */
@Injectable()
export class OutboxWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Outbox');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly outbox: OutboxRepository,
    private readonly delivery: OutboxDelivery,
  ) {}

  /**
   * Resolves when nothing is left of what was there at the start, so that a program that crashed lets nobody in by a
   * session that a committed change has ended. While Redis or the database are away it does not wait: a program must
   * start then, and answers 503 by itself.
   */
  async onApplicationBootstrap(): Promise<void> {
    this.timer = setInterval(() => void this.drain(), INTERVAL_MS).unref();
    await this.drainLeftovers();
  }

  /** Before the connections to Redis and the database are closed. */
  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.timer = undefined;
    await this.running;
  }

  /** Does what is due, in one round at a time. Never rejects: the next round tries again. */
  async drain(): Promise<void> {
    this.running ??= this.round().finally(() => (this.running = undefined));
    await this.running;
  }

  private async drainLeftovers(): Promise<void> {
    const deadline = performance.now() + START_LIMIT_MS;
    try {
      const newestMs = await this.outbox.newestMs();
      await this.drain();
      if (newestMs === null) return;
      while (this.timer && !this.failing && (await this.outbox.count(newestMs)) > 0) {
        if (performance.now() > deadline)
          return this.logger.warn('started although changes of users wait to reach their sessions');
        // Held by whoever made the change, who may be dead: it is due when his time is over.
        await delay(START_POLL_MS);
        await this.drain();
      }
    } catch (error) {
      this.noteFailure(error);
    }
  }

  private async round(): Promise<void> {
    try {
      let claimed: OutboxEntry[];
      do {
        claimed = await this.outbox.claim(BATCH, LEASE_MS);
        await this.deliverAll(claimed);
      } while (claimed.length === BATCH);
      await this.noteRecovery();
    } catch (error) {
      this.noteFailure(error);
    }
  }

  private async deliverAll(entries: OutboxEntry[]): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      try {
        await this.delivery.deliver(entry);
      } catch (error) {
        // The others come first next time, in case it is this one that cannot be done.
        await this.outbox.release(entries.slice(index + 1).map(({ id }) => id));
        await this.outbox.release([entry.id], RETRY_MS);
        throw error;
      }
    }
  }

  private noteFailure(error: unknown): void {
    // Once per outage: a round comes every second.
    if (!this.failing)
      this.logger.error(`changes of users wait to reach their sessions: ${describeError(error)}`);
    this.failing = true;
  }

  private async noteRecovery(): Promise<void> {
    // A round that found nothing due says nothing about entries that wait for their next try.
    if (!this.failing || (await this.outbox.count()) > 0) return;
    this.logger.log('changes of users reach their sessions again');
    this.failing = false;
  }
}
