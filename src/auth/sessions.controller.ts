import { Controller, Delete, Get, Header, HttpCode, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblem } from '../problem/index.js';
import type { RequestSession, Revocation, SessionView } from '../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from './auth.module-definition.js';
import { ApiSession, REVOCATION_HEADERS } from './auth.openapi.js';
import { RevokedSchema, SessionListSchema } from './auth.responses.js';
import { type RevokeSessionsInput, RevokeSessionsSchema } from './auth.schemas.js';
import { CurrentSession } from './guards/auth.decorators.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { sayGoodbye } from './session-ending.js';
import { ValidateInput } from './validation.js';

/** One's own sessions. */
@ApiTags('auth')
@ApiSession()
@ValidateInput()
@Controller('auth/sessions')
export class SessionsController {
  constructor(
    private readonly sessions: OwnSessionsService,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'cookie' | 'clearSiteData'>,
  ) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'My live sessions',
    description: 'Newest activity first, the one of this request included.',
  })
  @ApiResponse({ status: 200, description: 'All of them.', standardSchema: SessionListSchema })
  async list(@CurrentSession() current: RequestSession): Promise<{ items: SessionView[]; total: number }> {
    const items = await this.sessions.list(current);
    return { items, total: items.length };
  }

  @Delete(':sessionId')
  @HttpCode(204)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'End one of my sessions',
    description: 'Another one than this needs a recent login.',
  })
  @ApiResponse({ status: 204, description: 'It has ended.', headers: REVOCATION_HEADERS })
  @ApiProblem('REAUTHENTICATION_REQUIRED', 'SESSION_NOT_FOUND')
  async revokeOne(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @CurrentSession() current: RequestSession,
    @Param('sessionId') sessionId: string,
  ): Promise<void> {
    if (sessionId !== current.sessionId) await this.sessions.revokeOther(req, current, sessionId);
    else if ((await this.sessions.end(req)) === 'cookie') sayGoodbye(res, this.options);
  }

  @Delete()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'End all my other sessions',
    description: 'Or all of them. Needs a recent login.',
  })
  @ApiResponse({
    status: 200,
    description: 'They have ended.',
    standardSchema: RevokedSchema,
    headers: REVOCATION_HEADERS,
  })
  @ApiProblem('REAUTHENTICATION_REQUIRED')
  async revokeMany(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @CurrentSession() current: RequestSession,
    @Query({ schema: RevokeSessionsSchema }) { scope }: RevokeSessionsInput,
  ): Promise<Revocation> {
    const { revoked, durable } = await this.sessions.revokeMany(req, current, scope);
    if (scope === 'all' && current.transport === 'cookie') sayGoodbye(res, this.options);
    return { revoked, durable };
  }
}
