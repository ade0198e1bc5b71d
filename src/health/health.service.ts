import { Inject, Injectable } from '@nestjs/common';
import type { Redis } from 'ioredis';

import { Database } from '../database/index.js';
import { HttpDrain } from '../http/index.js';
import { REDIS_CLIENT } from '../redis/index.js';

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
    @Inject(REDIS_CLIENT) private readonly redis: Redis,
    private readonly database: Database,
    private readonly drain: HttpDrain,
  ) {}

  async readiness(): Promise<Readiness> {
    const [redis, database] = await Promise.all([answer(this.redis.ping()), answer(this.database.ping())]);
    const up = redis === 'up' && database === 'up';
    return {
      status: this.drain.draining ? 'draining' : up ? 'ready' : 'unavailable',
      checks: { redis, database },
    };
  }
}

function answer(check: Promise<unknown>): Promise<Check> {
  return check.then(
    () => 'up',
    () => 'down',
  );
}
