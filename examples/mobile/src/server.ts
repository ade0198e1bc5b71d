import { Controller, Get, Module, Post } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import { Redis } from 'ioredis';
import * as latchkey from 'latchkey';
import { Accounts } from './accounts.js';

const { REDIS_URL = '', SESSION_SECRET = '', SESSION_INDEX_KEY = '', PORT = '3000' } = process.env;
const secrets = [SESSION_SECRET];
const client = new Redis(REDIS_URL, {
  commandTimeout: 500,
  socketTimeout: 1_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
});

@Controller()
class BankController {
  @Get('inbox')
  inbox(@latchkey.CurrentUser() { email }: latchkey.SessionPrincipal) {
    return { email, messages: [] };
  }

  @Post('payments')
  @latchkey.RequireRecentLogin()
  pay() {
    return { paid: true };
  }
}

@Module({
  imports: [
    latchkey.SessionModule.forRoot({
      isGlobal: true,
      client,
      secrets,
      indexKeys: [SESSION_INDEX_KEY],
      // So short that you can watch it. Leave it out, and it is 14 days without use, 30 at most.
      lifetimes: { bearer: { idleTimeoutMs: 5_000, absoluteTimeoutMs: 3_600_000 } },
    }),
    latchkey.AuthModule.forRoot({
      userStore: new Accounts(),
      throttle: new latchkey.RedisLoginThrottle({ client, secrets }), // with the secrets it knows devices again
      registration: 'open',
      reauthWindowMs: 2_500, // 15 minutes unless you say so
    }),
  ],
  controllers: [BankController],
  providers: [
    { provide: APP_FILTER, useClass: latchkey.ProblemFilter },
    { provide: APP_GUARD, useClass: latchkey.SessionGuard },
    { provide: APP_GUARD, useClass: latchkey.RecentLoginGuard },
  ],
})
class AppModule {}

const app = await NestFactory.create(AppModule, new latchkey.PresetExpressAdapter(), {
  logger: ['error', 'warn'],
});
app.use(latchkey.crossSiteGuard({ origins: [`http://127.0.0.1:${PORT}`] }));
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
console.log(`The bank is at http://127.0.0.1:${PORT}; Ctrl-C ends it.`);
