import { Body, Controller, Get, type INestApplication, Module, Post, Session } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import {
  AuthModule,
  crossSiteGuard,
  CurrentUser,
  PresetExpressAdapter,
  ProblemFilter,
  Public,
  RedisLoginThrottle,
  SessionGuard,
  SessionModule,
  type SessionPrincipal,
} from '../../../src/index.js';
import type { Accounts } from './accounts.js';
import { OldAndNewHasher } from './old-hashes.js';
import { OLD_SECRET } from './old-shop.js';

const SECRET = 'the new secret of a shop that moves';
const INDEX_KEY = 'the index key of a shop that moves!';

interface Cart {
  cart?: string[];
}

@Controller()
class ShopController {
  @Public()
  @Get('cart')
  cart(@Session() { cart = [] }: Cart) {
    return { cart };
  }

  @Public()
  @Post('cart')
  add(@Session() session: Cart, @Body() { item }: { item: string }) {
    session.cart = [...(session.cart ?? []), item];
    return { cart: session.cart };
  }

  @Get('orders')
  orders(@CurrentUser() { email }: SessionPrincipal) {
    return { of: email, orders: [] };
  }
}

/** The same shop on Latchkey. */
export async function startNewShop(client: Redis, accounts: Accounts): Promise<INestApplication> {
  const cookie = { name: 'sid', secure: false };

  @Module({
    imports: [
      SessionModule.forRoot({
        isGlobal: true,
        client,
        secrets: [SECRET],
        indexKeys: [INDEX_KEY],
        carryOver: ['cart'],
        cookie,
        takeover: {
          from: 'connect-redis',
          secrets: [OLD_SECRET],
          findPrincipal: (id) => accounts.find(id),
        },
      }),
      AuthModule.forRoot({
        userStore: accounts,
        hasher: new OldAndNewHasher(),
        throttle: new RedisLoginThrottle({ client, secrets: [SECRET] }),
      }),
    ],
    controllers: [ShopController],
    providers: [
      { provide: APP_FILTER, useClass: ProblemFilter },
      { provide: APP_GUARD, useClass: SessionGuard },
    ],
  })
  class AppModule {}

  const app = await NestFactory.create(AppModule, new PresetExpressAdapter(), { logger: false });
  app.use(
    crossSiteGuard({
      origins: ['https://shop.example.com'],
      cookieName: cookie.name,
      legacyCookieName: 'connect.sid',
    }),
  );
  return app.listen(0, '127.0.0.1').then(() => app);
}
