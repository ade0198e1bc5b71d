import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { DeletionRounds } from '../database/index.js';
import { describeError } from '../problem/index.js';
import { OneTimeTokensRepository } from './one-time-tokens.repository.js';

const INTERVAL_MS = 600_000;

/**
 * Deletes one-time tokens that have expired, at start and every ten minutes, on every node: nobody can use them, but
 * they hold e-mails and password hashes of people who have no account.
 */
@Injectable()
export class ExpiredTokens implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('OneTimeTokens');
  private readonly rounds = new DeletionRounds();

  constructor(private readonly tokens: OneTimeTokensRepository) {}

  onApplicationBootstrap(): void {
    this.rounds.start(
      INTERVAL_MS,
      () => this.delete(),
      (error) => this.logger.error(`expired tokens stay for now: ${describeError(error)}`),
    );
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.rounds.stop();
  }

  /** @returns how many tokens were deleted */
  async delete(): Promise<number> {
    return this.rounds.deleteAll((limit) => this.tokens.deleteExpired(limit));
  }
}
