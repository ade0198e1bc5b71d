import { Body, Controller, Get, HttpCode, Post, Req, Session } from '@nestjs/common';
import type { Request } from 'express';
import { CurrentUser, OptionalSession, type SessionPrincipal, SessionService } from 'latchkey';
import type { CartLine } from './customer.js';

@Controller('shop')
export class ShopController {
  constructor(private readonly sessions: SessionService) {}

  @Get('me')
  me(@CurrentUser() customer: SessionPrincipal) {
    return { email: customer.email };
  }

  @OptionalSession()
  @Get('cart')
  cart(@Session() { cart = [] }: Request['session']): CartLine[] {
    return cart;
  }

  @OptionalSession()
  @Post('cart')
  @HttpCode(204)
  async add(@Req() req: Request, @Body() line: CartLine): Promise<void> {
    await this.sessions.updateCurrent(req, (data) => {
      data['cart'] = [...((data['cart'] as CartLine[] | undefined) ?? []), line];
    });
  }
}
