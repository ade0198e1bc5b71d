import { Controller, Get, Header } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';

import { Public } from '../auth/index.js';
import { Metrics } from './metrics.js';

/** The metrics on the main port, for development. */
@ApiTags('operations')
@Public()
@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: Metrics) {}

  @Get()
  @Header('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Metrics in the text format of Prometheus.' })
  @ApiOkResponse({ content: { 'text/plain': { schema: { type: 'string' } } } })
  read(): Promise<string> {
    return this.metrics.registry.metrics();
  }
}
