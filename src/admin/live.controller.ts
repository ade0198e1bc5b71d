import { Get, Header, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { effectiveRoles, EVENT_STREAM } from '../auth/index.js';
import { ApiProblem } from '../problem/index.js';
import { SessionPolicy, SessionStreams } from '../session/index.js';
import { AdminController } from './admin-route.decorator.js';
import { LiveQuery, type LiveQueryInput } from './admin.schemas.js';
import { AdminUsersService } from './admin-users.service.js';
import type { StoredEvent } from './event-directory.js';
import { StatsWatch } from './stats-watch.js';
import { keyOf, TrailWatch } from './trail-watch.js';

const EVENT_ID = /^[0-9A-Za-z_-]{1,128}$/;

/** What happens, as it happens. */
@AdminController('admin')
export class AdminLiveController {
  constructor(
    private readonly streams: SessionStreams,
    private readonly users: AdminUsersService,
    private readonly trail: TrailWatch,
    private readonly counts: StatsWatch,
  ) {}

  @Get('live')
  @SessionPolicy('readonly')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'What happens, as it happens',
    description:
      'Server-sent events: `trail`, `stats`, `sessions` of one person, and `ready`, `unavailable` and `ended` of the own session. `Last-Event-ID` brings the trail that was missed.',
  })
  @ApiResponse({
    status: 200,
    description: 'Goes on until the session ends, or is no admin’s.',
    content: EVENT_STREAM,
  })
  @ApiProblem('USER_NOT_FOUND', 'TOO_MANY_CONNECTIONS', 'OVERLOADED', 'DATABASE_UNAVAILABLE')
  async live(
    @Req() req: Request,
    @Res() res: Response,
    @Query({ schema: LiveQuery }) { userId }: LiveQueryInput,
  ): Promise<void> {
    if (userId !== undefined) await this.users.get(userId);
    // Kept back until what was missed is sent.
    const early: StoredEvent[] = [];
    let tell = (event: StoredEvent): void => void early.push(event);
    const leave = await this.trail.follow((event) => {
      this.counts.note();
      tell(event);
    });
    const stream = await this.streams
      .open(req, res, {
        userId,
        data: { userId },
        principal: false,
        isAllowed: (session) => effectiveRoles(session, 'admin').includes('admin'),
      })
      .catch((error: unknown) => {
        leave();
        throw error;
      });
    if (!stream) return leave();
    stream.onDispose(leave);
    stream.onDispose(this.counts.follow((stats) => stream.send('stats', stats)));
    const last = req.get('last-event-id') ?? '';
    const missed = EVENT_ID.test(last) ? await this.trail.missedSince(last).catch(() => null) : null;
    const told = new Set(missed?.map(keyOf));
    for (const event of missed ?? []) {
      stream.send('trail', event, event.id);
      await stream.room();
    }
    tell = (event) => {
      if (!told.has(keyOf(event))) stream.send('trail', event, event.id);
    };
    for (const event of early) tell(event);
  }
}
