import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { describeError } from '../problem/index.js';
import { OutboxDelivery } from './outbox.delivery.js';
import { OutboxRepository, type OutboxEntry } from './outbox.repository.js';

const INTERVAL_MS = 1_000;
const BATCH = 20;
/** Longer than a batch takes while the session store answers within its timeouts. */
const LEASE_MS = 5_000;
const RETRY_MS = 1_000;

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

  /** Does not wait for the first round: a program must start while Redis is away. */
  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.drain(), INTERVAL_MS).unref();
    void this.drain();
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

  private async round(): Promise<void> {
    try {
      let claimed: OutboxEntry[];
      do {
        claimed = await this.outbox.claim(BATCH, LEASE_MS);
        await this.deliverAll(claimed);
      } while (claimed.length === BATCH);
      await this.noteRecovery();
    } catch (error) {
      // Once per outage: this comes every second.
      if (!this.failing)
        this.logger.error(`changes of users wait to reach their sessions: ${describeError(error)}`);
      this.failing = true;
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

  private async noteRecovery(): Promise<void> {
    // A round that found nothing due says nothing about entries that wait for their next try.
    if (!this.failing || (await this.outbox.count()) > 0) return;
    this.logger.log('changes of users reach their sessions again');
    this.failing = false;
  }
}
