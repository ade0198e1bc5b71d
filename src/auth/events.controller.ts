import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { ApiProblem } from '../problem/index.js';
import { type RequestSession, SessionPolicy, SessionStreams } from '../session/index.js';
import { ApiSession, EVENT_STREAM } from './auth.openapi.js';
import { CurrentSession } from './guards/auth.decorators.js';

/** What happens to one's own sessions, as it happens. */
@ApiTags('auth')
@ApiSession()
@Controller('auth')
export class EventsController {
  constructor(private readonly streams: SessionStreams) {}

  @Get('events')
  @SessionPolicy('readonly')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'What happens to my sessions',
    description:
      'Server-sent events: `ready`, `sessions`, `principal`, `unavailable`, and `ended` with the reason, after which the stream closes. Being open is not use.',
  })
  @ApiResponse({ status: 200, description: 'Goes on until the session ends.', content: EVENT_STREAM })
  @ApiProblem('TOO_MANY_CONNECTIONS', 'OVERLOADED')
  async events(
    @Req() req: Request,
    @Res() res: Response,
    @CurrentSession() { userId }: RequestSession,
  ): Promise<void> {
    await this.streams.open(req, res, { userId, data: {}, principal: true });
  }
}
