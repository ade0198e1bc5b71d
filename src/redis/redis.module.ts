import { Global, Inject, Module, type DynamicModule, type OnApplicationShutdown } from '@nestjs/common';
import type { Cluster, Redis } from 'ioredis';

import { RedisBoot } from './redis-boot.js';
import { createRedisClient } from './redis-client.js';
import type { RedisSettings } from './redis-settings.js';

// A container's Redis may start a moment after the program.
const BOOT_DEADLINE_MS = 5_000;
const PATIENCE_MS = 1_000;
const QUIT_DEADLINE_MS = 500;

/** Token of the program's Redis client. */
export const REDIS_CLIENT = Symbol('REDIS_CLIENT');

export interface RedisModuleOptions {
  settings: RedisSettings;
  production: boolean;
  /** Whether to go on without a Redis that is not there yet, and wait for it meanwhile; else that is an error. */
  mayBeAway: boolean;
}

/**
 * The program's connection to Redis: made and checked at start, closed last, when nothing needs it any more. Global:
 * the program has one.
 */
@Global()
@Module({})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS_CLIENT) private readonly client: Redis | Cluster) {}

  static forRoot(options: RedisModuleOptions): DynamicModule {
    const boot = {
      provide: RedisBoot,
      useFactory: async () => {
        const client = createRedisClient(options.settings);
        return waitFor(new RedisBoot(client, options.settings, options.production), options.mayBeAway);
      },
    };
    return {
      module: RedisModule,
      providers: [
        boot,
        { provide: REDIS_CLIENT, useFactory: ({ client }: RedisBoot) => client, inject: [RedisBoot] },
      ],
      exports: [REDIS_CLIENT, RedisBoot],
    };
  }

  async onApplicationShutdown(): Promise<void> {
    await closeRedisClient(this.client);
  }
}

async function waitFor(boot: RedisBoot, mayBeAway: boolean): Promise<RedisBoot> {
  if (await boot.within(mayBeAway ? PATIENCE_MS : BOOT_DEADLINE_MS)) return boot;
  if (mayBeAway) {
    boot.announce();
    return boot;
  }
  boot.client.disconnect();
  throw boot.unreachable(BOOT_DEADLINE_MS);
}

/** Lets the answers that are due arrive, for at most half a second, then closes the connection for good. */
export async function closeRedisClient(client: Redis | Cluster): Promise<void> {
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
