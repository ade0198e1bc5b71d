import { Delete, Get, Header, HttpCode, Param, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import { CurrentSession, RequireRecentLogin, REVOCATION_HEADERS, SessionListSchema } from '../auth/index.js';
import { ApiProblem } from '../problem/index.js';
import type { RequestSession, Revocation, SessionView } from '../session/index.js';
import { AdminController } from './admin-route.decorator.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { RevokedSessionsSchema } from './admin.responses.js';
import { SessionId, UserId } from './admin.schemas.js';

/** One person's sessions, as an admin sees and ends them. */
@AdminController('admin/users/:userId/sessions')
export class AdminUserSessionsController {
  constructor(private readonly sessions: AdminSessionsService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: "Somebody's live sessions", description: 'Newest activity first.' })
  @ApiResponse({ status: 200, description: 'All of them.', standardSchema: SessionListSchema })
  @ApiProblem('USER_NOT_FOUND')
  async list(
    @CurrentSession() admin: RequestSession,
    @Param('userId', { schema: UserId }) userId: string,
  ): Promise<{ items: SessionView[]; total: number }> {
    const items = await this.sessions.list(admin, userId);
    return { items, total: items.length };
  }

  @Delete()
  @RequireRecentLogin()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: "End all of somebody's sessions",
    description:
      'Logins under way included, and the session of this request when the user is the admin himself. Needs a recent login.',
  })
  @ApiResponse({
    status: 200,
    description: 'They have ended.',
    standardSchema: RevokedSessionsSchema,
    headers: REVOCATION_HEADERS,
  })
  @ApiProblem('USER_NOT_FOUND')
  async revokeAll(
    @Req() req: Request,
    @CurrentSession() admin: RequestSession,
    @Param('userId', { schema: UserId }) userId: string,
  ): Promise<Revocation> {
    const { revoked, durable } = await this.sessions.revokeAll(req, admin, userId);
    return { revoked, durable };
  }

  @Delete(':sessionId')
  @RequireRecentLogin()
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: "End one of somebody's sessions", description: 'Needs a recent login.' })
  @ApiResponse({ status: 204, description: 'It has ended.', headers: REVOCATION_HEADERS })
  @ApiProblem('USER_NOT_FOUND', 'SESSION_NOT_FOUND')
  async revoke(
    @Req() req: Request,
    @CurrentSession() admin: RequestSession,
    @Param('userId', { schema: UserId }) userId: string,
    @Param('sessionId', { schema: SessionId }) sessionId: string,
  ): Promise<void> {
    await this.sessions.revoke(req, admin, userId, sessionId);
  }
}
