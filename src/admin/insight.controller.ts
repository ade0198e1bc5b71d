import { Get, Header, Inject, Query } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import { AdminController } from './admin-route.decorator.js';
import { type AdminStats, AdminStatsService } from './admin-stats.service.js';
import { ADMIN_OPTIONS, type AdminModuleOptions } from './admin.module-definition.js';
import { EventPageSchema, StatsHistorySchema, StatsSchema } from './admin.responses.js';
import { EventQuery, type EventQueryInput, HistoryQuery, type HistoryQueryInput } from './admin.schemas.js';
import type { EventPage } from './event-directory.js';
import { type StatsHistory, StatsHistoryService } from './stats-history.service.js';

/** What has happened, and how much is going on. */
@AdminController('admin')
export class AdminInsightController {
  constructor(
    @Inject(ADMIN_OPTIONS) private readonly options: AdminModuleOptions,
    private readonly counts: AdminStatsService,
    private readonly past: StatsHistoryService,
  ) {}

  @Get('events')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'The trail of security events', description: 'Newest first.' })
  @ApiResponse({ status: 200, description: 'One page.', standardSchema: EventPageSchema })
  async events(@Query({ schema: EventQuery }) query: EventQueryInput): Promise<EventPage> {
    return this.options.events.list(query);
  }

  @Get('stats')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'Sessions, users, and the logins and revocations of the last day' })
  @ApiResponse({ status: 200, description: 'The counts.', standardSchema: StatsSchema })
  async stats(): Promise<AdminStats> {
    return this.counts.stats();
  }

  @Get('stats/history')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'The same over time',
    description: 'Oldest first, every bucket present, the last one the present.',
  })
  @ApiResponse({ status: 200, description: 'The counts, by time.', standardSchema: StatsHistorySchema })
  async history(@Query({ schema: HistoryQuery }) { hours }: HistoryQueryInput): Promise<StatsHistory> {
    return this.past.history(hours);
  }
}
