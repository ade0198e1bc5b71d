import { Controller, Delete, Get, Headers, Module, Post } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  ProblemFilter,
  Public,
  SessionGuard,
  SessionModule,
  type SessionPrincipal,
  SessionService,
} from 'latchkey';
import { serve, sessions } from './service.js';

/** Asks the session store itself: one command in Redis. */
@Controller('orders')
class OrdersController {
  constructor(private readonly store: SessionService) {}

  @Get()
  list(@CurrentUser() customer: SessionPrincipal) {
    return { checkedBy: 'orders', email: customer.email, orders: [] };
  }

  /** Somebody orders with a stolen card: out with him, in every service. */
  @Delete('customer')
  async endCustomer(@CurrentUser() customer: SessionPrincipal) {
    return { revoked: (await this.store.revokeAll(customer.id)).revoked };
  }
}

/** Believes the gateway, which has asked `accounts`: no Redis, no Latchkey, it could be in any language. */
@Public()
@Controller('invoices')
class InvoicesController {
  @Get()
  list(@Headers('x-auth-user-id') userId: string, @Headers('x-auth-roles') roles = '') {
    const list = roles.split(',').filter(Boolean).map(decodeURIComponent);
    return { checkedBy: 'gateway', userId: decodeURIComponent(userId), roles: list, invoices: [] };
  }

  @Post()
  write(@Headers('x-auth-user-id') userId: string) {
    return { written: true, by: decodeURIComponent(userId) };
  }
}

@Module({
  imports: [SessionModule.forRoot({ ...sessions, exclude: ['invoices'] })],
  controllers: [OrdersController, InvoicesController],
  providers: [
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_GUARD, useClass: SessionGuard },
  ],
})
class OrdersModule {}

await serve(OrdersModule, 'orders.sock');
