import { Inject, Injectable } from '@nestjs/common';

import { Database } from '../database/index.js';
import { HttpDrain } from '../http/index.js';
import { ping, RedisBoot } from '../redis/index.js';
import { JournalReplay } from '../session/index.js';

type Check = 'up' | 'down';

/** Whether this process should be sent requests, and what is missing when not. */
export interface Readiness {
  status: 'ready' | 'unavailable' | 'draining';
  checks: { redis: Check; database: Check };
}

/** Asks what the program depends on. Each question has a deadline of its own, a second at most. */
@Injectable()
export class HealthService {
  constructor(
    private readonly redis: RedisBoot,
    private readonly database: Database,
    private readonly drain: HttpDrain,
    @Inject(JournalReplay) private readonly replay: JournalReplay | null,
  ) {}

  async readiness(): Promise<Readiness> {
    const [redis, database] = await Promise.all([answer(this.askRedis()), answer(this.database.ping())]);
    const up = redis === 'up' && database === 'up';
    return {
      status: this.drain.draining ? 'draining' : up ? 'ready' : 'unavailable',
      checks: { redis, database },
    };
  }

  // One that answers and was not looked at yet may be one that must not be used.
  private async askRedis(): Promise<void> {
    if (!this.redis.done) throw new Error('Redis was not there yet.');
    await ping(this.redis.client);
    if (this.replay?.isOpen === false) throw new Error('Revocations are being repeated.');
  }
}

function answer(check: Promise<unknown>): Promise<Check> {
  return check.then(
    () => 'up',
    () => 'down',
  );
}
