import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { Trail } from './trail.js';

export const REDIS = Symbol('REDIS');

/** The shop's own connection to Redis, which the shop closes, and the trail. */
@Global()
@Module({
  providers: [
    {
      provide: REDIS,
      useFactory: () =>
        new Redis(process.env['REDIS_SOCKET'] ?? '', {
          commandTimeout: 500,
          socketTimeout: 1_000,
          maxRetriesPerRequest: 0,
          autoResendUnfulfilledCommands: false,
        }),
    },
    Trail,
  ],
  exports: [REDIS, Trail],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly client: Redis) {}

  onApplicationShutdown(): void {
    this.client.disconnect();
  }
}
