import { Controller, Get, HttpCode, Post, Req, UseGuards } from '@nestjs/common';
import type { Request } from 'express';
import { AuthService, CurrentUser, Public, type SessionPrincipal, SessionService } from 'latchkey';
import { ApiKeyGuard } from './api-key.guard.js';
import type { KeyLogin } from './api-key.strategy.js';
import { Programs } from './programs.js';

@Controller()
export class ApiController {
  constructor(
    private readonly auth: AuthService,
    private readonly sessions: SessionService,
    private readonly programs: Programs,
  ) {}

  /** A key for a token: from here on the key stays at home. */
  @Public()
  @UseGuards(ApiKeyGuard)
  @Post('login/key')
  @HttpCode(200)
  async login(@Req() req: Request) {
    const { ticket } = req.authInfo as KeyLogin;
    const program = req.user as SessionPrincipal;
    const made = await this.auth.establishSession(req, program, { ticket, transport: 'bearer' });
    return { token: made.token, expiresAt: made.session.expiresAt };
  }

  @Get('report')
  report(@CurrentUser() program: SessionPrincipal) {
    return { for: program.id, rows: [] };
  }

  /**
   * A new key for the old one: a token, which is gone in days, must not buy what lasts for years. The sessions that were
   * made with the old one end, and a login with it that is under way makes none.
   */
  @Public()
  @UseGuards(ApiKeyGuard)
  @Post('key')
  async replaceKey(@Req() req: Request) {
    const { id } = req.user as SessionPrincipal;
    // First, so that an outage leaves the old key as it is.
    const { revoked } = await this.sessions.revokeAll(id);
    const key = this.programs.issueKey(id);
    await this.sessions.revokeAll(id);
    return { key, revoked };
  }
}
