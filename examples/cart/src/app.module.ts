import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Redis } from 'ioredis';
import { AuthModule, ProblemFilter, RedisLoginThrottle, SessionGuard, SessionModule } from 'latchkey';
import { CartController } from './cart.controller.js';
import { Customers } from './customers.js';

const { REDIS_URL = '', SESSION_SECRET = '', SESSION_INDEX_KEY = '', NODE_ENV } = process.env;
const secrets = [SESSION_SECRET];
// Without these, requests wait for a Redis that is frozen or away.
const client = new Redis(REDIS_URL, {
  commandTimeout: 500,
  socketTimeout: 1_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
});
client.on('error', ({ message }: Error) => console.error(`Redis: ${message}`));

/** Browsers keep the usual cookie, __Host-sid, over https only, so plain http in development needs another one. */
export const cookie = NODE_ENV === 'production' ? {} : { name: 'sid', secure: false };

@Module({
  imports: [
    SessionModule.forRoot({
      isGlobal: true,
      client,
      secrets,
      indexKeys: [SESSION_INDEX_KEY],
      carryOver: ['cart'], // what a login takes along of the anonymous session
      cookie,
    }),
    AuthModule.forRoot({
      userStore: new Customers(),
      throttle: new RedisLoginThrottle({ client, secrets }), // the secrets let it know devices again
      registration: 'open', // the default is 'closed'
    }),
  ],
  controllers: [CartController],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter }, // every error as application/problem+json
    { provide: APP_GUARD, useClass: SessionGuard }, // closed by default; @Public() opens a route
  ],
})
export class AppModule implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    client.disconnect();
  }
}
