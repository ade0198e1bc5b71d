import { BadRequestException, Body, Controller, Get, HttpCode, Post, Req } from '@nestjs/common';
import type { Request } from 'express';
import { CurrentUser, Public, SessionService, type SessionPrincipal } from 'latchkey';

/** How many of each article. */
type Cart = Record<string, number>;

/** A visitor's cart and a customer's: the same routes, the same session data. */
@Public()
@Controller('cart')
export class CartController {
  constructor(private readonly sessions: SessionService) {}

  @Get()
  show(@Req() req: Request, @CurrentUser() customer?: SessionPrincipal) {
    return { customer: customer?.email ?? null, cart: req.session.cart ?? {} };
  }

  @Post('items')
  @HttpCode(200)
  async add(@Req() req: Request, @Body() body?: { article?: unknown }) {
    const article = body?.article;
    if (typeof article !== 'string' || !/^[a-z-]{1,40}$/.test(article)) {
      throw new BadRequestException('article must be a word of small letters and hyphens.');
    }
    // Runs again on what is stored whenever another request was faster, so no add is lost.
    await this.sessions.updateCurrent(req, (session: { cart?: Cart }) => {
      session.cart = { ...session.cart, [article]: (session.cart?.[article] ?? 0) + 1 };
    });
    return { cart: req.session.cart };
  }
}

declare module 'express-session' {
  interface SessionData {
    cart?: Cart;
  }
}
