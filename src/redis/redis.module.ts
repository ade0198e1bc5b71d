import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Redis } from 'ioredis';

import { bootRedis } from './redis-boot.js';
import { createRedisClient } from './redis-client.js';

const BOOT_DEADLINE_MS = 5_000;
const QUIT_DEADLINE_MS = 500;

/** Token of the program's Redis client, ready since before the application started. */
export const REDIS_CLIENT = Symbol('REDIS_CLIENT');

/**
 * The program's connection to Redis: made and checked at start, closed last, when nothing needs it any more. Global:
 * the program has one.
 */
@Global()
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS_CLIENT) private readonly client: Redis) {}

  static forRoot(options: { url: string; production: boolean }): DynamicModule {
    const useFactory = async (): Promise<Redis> => {
      const client = createRedisClient(options.url);
      await bootRedis(client, { ...options, deadlineMs: BOOT_DEADLINE_MS });
      return client;
    };
    return {
      module: RedisModule,
      providers: [{ provide: REDIS_CLIENT, useFactory }],
      exports: [REDIS_CLIENT],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await closeRedisClient(this.client);
  }
}

/** Lets the answers that are due arrive, for at most half a second, then closes the connection for good. */
export async function closeRedisClient(client: Redis): Promise<void> {
  if (client.status === 'ready') {
    let timer: NodeJS.Timeout | undefined;
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve);
      timer = setTimeout(resolve, QUIT_DEADLINE_MS);
    });
    // A refusal is no matter: the connection is closed next, one way or the other.
    client.quit().catch(() => undefined);
    await ended;
    clearTimeout(timer);
  }
  if (client.status !== 'end') client.disconnect();
}
