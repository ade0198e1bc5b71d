import { Body, Controller, Get, HttpCode, Post, Req, Session } from '@nestjs/common';
import type { Request } from 'express';
import { CurrentUser, type HostSession, OptionalSession, SessionService } from 'latchkey';
import type { CartLine, Customer } from './customer.js';

@Controller('shop')
export class ShopController {
  constructor(private readonly sessions: SessionService) {}

  @Get('me')
  me(@CurrentUser() customer: Customer, @Req() req: Request) {
    return { email: customer.email, plan: customer.plan, same: req.user?.plan === customer.plan };
  }

  @OptionalSession()
  @Get('cart')
  cart(@Session() { cart = [] }: HostSession): CartLine[] {
    return cart;
  }

  @OptionalSession()
  @Post('cart')
  @HttpCode(204)
  async add(@Req() req: Request, @Body() line: CartLine): Promise<void> {
    await this.sessions.updateCurrent(req, (data) => {
      data.cart = [...(data.cart ?? []), line];
    });
  }
}
