import { Delete, Get, Header, HttpCode, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { CurrentSession, RequireRecentLogin, REVOCATION_HEADERS } from '../auth/index.js';
import { ApiProblem } from '../problem/index.js';
import type { Operation, RequestSession } from '../session/index.js';
import { AdminController } from './admin-route.decorator.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { OperationSchema, StartedOperationSchema } from './admin.responses.js';
import { OperationId } from './admin.schemas.js';

/** Everybody's sessions at once. */
@AdminController('admin')
export class AdminEverybodyController {
  constructor(private readonly sessions: AdminSessionsService) {}

  @Delete('sessions')
  @RequireRecentLogin()
  @HttpCode(202)
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: "End everybody's sessions",
    description:
      'All but the one of this request, those of visitors and logins under way included. Needs a recent login.',
  })
  @ApiResponse({
    status: 202,
    description: 'It has begun, and goes on when this node stops.',
    standardSchema: StartedOperationSchema,
    headers: {
      ...REVOCATION_HEADERS,
      Location: { description: 'Where the operation can be followed.', schema: { type: 'string' } },
    },
  })
  async revokeEveryone(
    @Req() req: Request,
    @Res({ passthrough: true }) res: Response,
    @CurrentSession() admin: RequestSession,
  ): Promise<{ operationId: string }> {
    const { operationId } = await this.sessions.revokeEveryone(req, admin);
    // Beside this address, under whatever prefix a host or its proxy has put it.
    const here = req.originalUrl.replace(/\/?(\?.*)?$/, '');
    res.setHeader('Location', `${here.slice(0, here.lastIndexOf('/'))}/operations/${operationId}`);
    return { operationId };
  }

  @Get('operations/:id')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: "How far the end of everybody's sessions is" })
  @ApiResponse({
    status: 200,
    description: 'The operation; it can be asked for until a day after it began.',
    standardSchema: OperationSchema,
  })
  @ApiProblem('OPERATION_NOT_FOUND')
  async operation(@Param('id', { schema: OperationId }) id: string): Promise<Operation> {
    return this.sessions.getOperation(id);
  }
}
