import { Logger } from '@nestjs/common';
import { setTimeout } from 'node:timers/promises';
import type { Database } from './database.js';
import { DatabaseUnavailableError } from './database.errors.js';

const RETRY_MS = 1_000;
const REPORT_INTERVAL_MS = 10_000;

/**
 * Brings the schema up to date, waiting for a server that is not there yet: in a deployment programs and databases start
 * in any order. Says what it waits for at once and every ten seconds, without a user name or a password.
 * @throws what the server answers, such as a wrong password or an unknown database: waiting would not help there
 */
export async function migrateWhenThere(
  database: Pick<Database, 'migrate' | 'place'>,
  retryMs = RETRY_MS,
): Promise<void> {
  const logger = new Logger('Database');
  let saidMs = -Infinity;
  for (;;) {
    try {
      await database.migrate();
      if (saidMs > 0) logger.log(`${database.place} is there`);
      return;
    } catch (error) {
      if (!(error instanceof DatabaseUnavailableError)) throw error;
      const nowMs = performance.now();
      if (nowMs - saidMs >= REPORT_INTERVAL_MS) {
        saidMs = nowMs;
        logger.warn(`waiting for ${database.place}: ${reasonOf(error.cause)}`);
      }
    }
    await setTimeout(retryMs);
  }
}

// Of several addresses that all refuse, Node makes an error without a message.
function reasonOf(cause: unknown): string {
  const { message = '', errors = [] } = (cause ?? {}) as { message?: string; errors?: unknown[] };
  return message !== '' || errors.length === 0 ? message || 'no answer' : reasonOf(errors[0]);
}
