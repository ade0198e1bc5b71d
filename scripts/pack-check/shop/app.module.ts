import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import type { Redis } from 'ioredis';
import {
  AuthModule,
  ProblemFilter,
  RecentLoginGuard,
  RedisLoginThrottle,
  RolesGuard,
  SessionGuard,
  SessionModule,
} from 'latchkey';
import { Customers } from './customers.js';
import { CustomersModule } from './customers.module.js';
import { MovedHashes } from './moved-hashes.js';
import { OfficeController } from './office.controller.js';
import { PermissionsGuard } from './permissions.js';
import { REDIS, RedisModule } from './redis.module.js';
import { ShopController } from './shop.controller.js';
import { SignInLinkController } from './sign-in-link.controller.js';
import { SignInLinkStrategy } from './sign-in-link.strategy.js';
import { SignInLinks } from './sign-in-links.js';
import { Trail } from './trail.js';

const { SESSION_SECRET = '', SESSION_INDEX_KEY = '' } = process.env;

@Module({
  imports: [
    RedisModule,
    CustomersModule,
    SessionModule.forRootAsync({
      isGlobal: true,
      inject: [REDIS],
      useFactory: (client: Redis) => ({
        client,
        secrets: [SESSION_SECRET],
        indexKeys: [SESSION_INDEX_KEY],
        carryOver: ['cart'],
        // Plain http on this machine; in production the default.
        cookie: { name: 'sid', secure: false },
      }),
    }),
    AuthModule.forRootAsync({
      imports: [CustomersModule],
      inject: [Customers, REDIS, Trail],
      useFactory: (customers: Customers, client: Redis, trail: Trail) => ({
        userStore: customers,
        throttle: new RedisLoginThrottle({ client, secrets: [SESSION_SECRET] }),
        hasher: new MovedHashes(),
        events: trail,
        loadUser: ({ id }) => customers.find(id),
        registration: 'open' as const,
      }),
    }),
  ],
  controllers: [ShopController, OfficeController, SignInLinkController],
  providers: [
    SignInLinks,
    SignInLinkStrategy,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_GUARD, useClass: SessionGuard },
    { provide: APP_GUARD, useClass: RolesGuard },
    { provide: APP_GUARD, useClass: RecentLoginGuard },
    { provide: APP_GUARD, useClass: PermissionsGuard },
  ],
})
export class AppModule {}
