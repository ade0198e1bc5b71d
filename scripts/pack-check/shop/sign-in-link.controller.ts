import { Body, Controller, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { Request } from 'express';
import { AuthService, Public } from 'latchkey';
import type { Customer } from './customer.js';
import type { SignIn } from './sign-in-link.strategy.js';

@Controller('sign-in-link')
export class SignInLinkController {
  constructor(private readonly auth: AuthService) {}

  @Public()
  @UseGuards(AuthGuard('sign-in-link'))
  @Post('open')
  @HttpCode(200)
  async open(@Req() req: Request, @Body() { transport }: { transport?: 'cookie' | 'bearer' }) {
    const { ticket } = req.authInfo as SignIn;
    const { session, token } = await this.auth.establishSession(req, req.user as Customer, {
      ticket,
      transport,
    });
    return { sessionId: session.id, token };
  }
}
