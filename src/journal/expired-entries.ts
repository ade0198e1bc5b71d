import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DeletionRounds } from '../database/index.js';
import { describeError } from '../problem/index.js';
import { JournalRepository } from './journal.repository.js';

const INTERVAL_MS = 3_600_000;

/** Deletes entries of the journal whose sessions would have ended by themselves: at start and every hour, on every node. */
@Injectable()
export class ExpiredEntries implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('Journal');
  private readonly rounds = new DeletionRounds();

  constructor(private readonly journal: JournalRepository) {}

  onApplicationBootstrap(): void {
    this.rounds.start(
      INTERVAL_MS,
      () => this.delete(),
      (error) => this.logger.error(`expired entries stay for now: ${describeError(error)}`),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** @returns how many entries were deleted */
  async delete(): Promise<number> {
    return this.rounds.deleteAll((limit) => this.journal.deleteExpired(limit));
  }
}
