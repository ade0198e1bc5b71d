import { Controller, Get, Header, Res } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiResponse, ApiTags } from '@nestjs/swagger';
import type { Response } from 'express';

import { Public } from '../auth/index.js';
import { HealthService, type Readiness } from './health.service.js';

const check = { type: 'string', enum: ['up', 'down'] };
const readiness = {
  type: 'object',
  required: ['status', 'checks'],
  properties: {
    status: { type: 'string', enum: ['ready', 'unavailable', 'draining'] },
    checks: {
      type: 'object',
      required: ['redis', 'database'],
      properties: { redis: check, database: check },
    },
  },
};

/** For whoever starts, stops and routes to this process. */
@ApiTags('operations')
@Public()
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  @Get('live')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Whether the process serves. A failure means: restart it.' })
  @ApiOkResponse({
    schema: {
      type: 'object',
      required: ['status'],
      properties: { status: { type: 'string', enum: ['live'] } },
    },
  })
  live(): { status: 'live' } {
    return { status: 'live' };
  }

  @Get('ready')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Whether Redis and the database answer. A failure means: send requests elsewhere.',
  })
  @ApiOkResponse({ description: 'Both answer.', schema: readiness })
  @ApiResponse({
    status: 503,
    description: 'One does not answer, or the process is about to end.',
    schema: readiness,
  })
  async ready(@Res({ passthrough: true }) res: Response): Promise<Readiness> {
    const result = await this.health.readiness();
    if (result.status !== 'ready') res.status(503);
    return result;
  }
}
