import { setImmediate as nextTurn } from 'node:timers/promises';
import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { describeError } from '../problem/index.js';
import { OneTimeTokensRepository } from './one-time-tokens.repository.js';

const INTERVAL_MS = 600_000;
/** A statement deletes no more than this, so that logins do not wait for it on SQLite. */
const CHUNK = 500;
/** A round leaves the rest to the next one. */
const MAX_CHUNKS = 100;

/**
 * Deletes one-time tokens that have expired, at start and every ten minutes, on every node: nobody can use them, but
 * they hold e-mails and password hashes of people who have no account.
 */
@Injectable()
export class ExpiredTokens implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger('OneTimeTokens');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<unknown> | undefined;
  private stopping = false;

  constructor(private readonly tokens: OneTimeTokensRepository) {}

  onApplicationBootstrap(): void {
    const round = (): void => {
      this.running = this.delete().catch((error: unknown) => {
        this.logger.error(`expired tokens stay for now: ${describeError(error)}`);
      });
    };
    this.timer = setInterval(round, INTERVAL_MS).unref();
    round();
  }

  async beforeApplicationShutdown(): Promise<void> {
    clearInterval(this.timer);
    this.stopping = true;
    await this.running;
  }

  /** @returns how many tokens were deleted */
  async delete(): Promise<number> {
    let deleted = 0;
    for (let chunk = 0; chunk < MAX_CHUNKS && !this.stopping; chunk += 1) {
      const count = await this.tokens.deleteExpired(CHUNK);
      deleted += count;
      if (count < CHUNK) break;
      // SQLite works on this thread; requests get their turn.
      await nextTurn();
    }
    return deleted;
  }
}
