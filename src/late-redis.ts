import type { INestApplication } from '@nestjs/common';
import { Logger } from '@nestjs/common';
import { setTimeout as delay } from 'node:timers/promises';

import { RedisBoot } from './redis/index.js';
import { SESSION_STORE, SessionStoreUnavailableError, type RedisSessionStore } from './session/index.js';

const RETRY_MS = 200;

/**
 * Ends the program, with exit code 1, when the Redis it has waited for turns out to be one that it must not use: what
 * would have refused the start had Redis been there.
 */
export function endWhenRedisIsRefused(app: INestApplication): void {
  const boot = app.get(RedisBoot);
  // Looked at in time: then the start itself would have failed.
  if (boot.done) return;
  const store = app.get<RedisSessionStore>(SESSION_STORE, { strict: false });
  boot.checked
    // Its sessions may have been made with other index keys.
    .then(() => untilReady(store))
    .then(
      () => new Logger('Redis').log('Redis is there'),
      async (error: Error) => {
        process.stderr.write(`${error.message}\n`);
        await app.close().catch(() => undefined);
        process.exit(1);
      },
    );
}

/** It may be gone again, or a part of it not there yet. */
async function untilReady(store: RedisSessionStore): Promise<void> {
  for (;;) {
    try {
      await store.engine.ready();
      return;
    } catch (error) {
      if (!(error instanceof SessionStoreUnavailableError)) throw error;
      await delay(RETRY_MS, undefined, { ref: false });
    }
  }
}
