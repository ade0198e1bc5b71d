import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { Redis } from 'ioredis';
import { AuthModule, ProblemFilter, RedisLoginThrottle, SessionGuard, SessionModule } from 'latchkey';
import { CartController } from './cart.controller.js';
import { Customers } from './customers.js';

const { REDIS_URL = '', SESSION_SECRET = '', SESSION_INDEX_KEY = '' } = process.env;
const secrets = [SESSION_SECRET];
const cookie = { name: 'sid', secure: false }; // plain http; with https leave it out
const client = new Redis(REDIS_URL, {
  commandTimeout: 500,
  socketTimeout: 1_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
});

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
      throttle: new RedisLoginThrottle({ client, secrets }),
      registration: 'open',
      cookie,
    }),
  ],
  controllers: [CartController],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_GUARD, useClass: SessionGuard },
  ],
})
export class AppModule implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    client.disconnect();
  }
}
