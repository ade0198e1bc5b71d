import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import {
  AuthModule,
  PresetExpressAdapter,
  ProblemFilter,
  RedisLoginThrottle,
  SessionGuard,
  SessionModule,
} from 'latchkey';
import { ApiController } from './api.controller.js';
import { ApiKeyStrategy } from './api-key.strategy.js';
import { Programs } from './programs.js';

const { REDIS_URL = '', SESSION_SECRET = '', SESSION_INDEX_KEY = '', PORT = '3000' } = process.env;
const client = new Redis(REDIS_URL, {
  commandTimeout: 500,
  socketTimeout: 1_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
});
const keys = { secrets: [SESSION_SECRET], indexKeys: [SESSION_INDEX_KEY] };
const programs = new Programs();

@Module({
  imports: [
    SessionModule.forRoot({ isGlobal: true, client, ...keys }),
    AuthModule.forRoot({ userStore: programs, throttle: new RedisLoginThrottle({ client }) }),
  ],
  controllers: [ApiController],
  providers: [
    ApiKeyStrategy,
    { provide: Programs, useValue: programs },
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_GUARD, useClass: SessionGuard },
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, new PresetExpressAdapter(), { logger: ['error', 'warn'] });
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
console.log(`The API is at http://127.0.0.1:${PORT}; Ctrl-C ends it.`);
console.log(`key=${programs.issueKey('nightly-report')}`);
