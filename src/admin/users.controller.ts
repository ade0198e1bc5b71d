import { Body, Get, Header, Param, Patch, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiResponse } from '@nestjs/swagger';
import type { Request } from 'express';
import {
  CurrentSession,
  RequireRecentLogin,
  REVOCATION_HEADERS,
  toUserView,
  type UserView,
} from '../auth/index.js';
import { ApiProblem } from '../problem/index.js';
import type { RequestSession } from '../session/index.js';
import { AdminController } from './admin-route.decorator.js';
import { AdminUsersService } from './admin-users.service.js';
import { ChangedUserSchema, UserPageSchema, UserWithSessionsSchema } from './admin.responses.js';
import {
  UserChangesBody,
  type UserChangesInput,
  UserId,
  UserQuery,
  type UserQueryInput,
} from './admin.schemas.js';

/** Other people's accounts. */
@AdminController('admin/users')
export class AdminUsersController {
  constructor(private readonly users: AdminUsersService) {}

  @Get()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: 'Find people',
    description: 'By part of the e-mail or the name; everybody when nothing is asked for.',
  })
  @ApiResponse({ status: 200, description: 'One page.', standardSchema: UserPageSchema })
  async search(
    @Query({ schema: UserQuery }) query: UserQueryInput,
  ): Promise<{ items: UserView[]; nextCursor: string | null }> {
    const { items, nextCursor } = await this.users.search(query);
    return { items: items.map(toUserView), nextCursor };
  }

  @Get(':userId')
  @Header('Cache-Control', 'no-store')
  @ApiOperation({ summary: 'One person' })
  @ApiResponse({ status: 200, description: 'The account.', standardSchema: UserWithSessionsSchema })
  @ApiProblem('USER_NOT_FOUND')
  async get(
    @Param('userId', { schema: UserId }) userId: string,
  ): Promise<{ user: UserView; sessions: number }> {
    const { user, sessions } = await this.users.getWithSessions(userId);
    return { user: toUserView(user), sessions };
  }

  @Patch(':userId')
  @RequireRecentLogin()
  @Header('Cache-Control', 'no-store')
  @ApiOperation({
    summary: "Change somebody's roles, disable or enable him",
    description:
      'Disabling ends all his sessions; new roles hold from the next request of each. Needs a recent login.',
  })
  @ApiResponse({
    status: 200,
    description: 'Changed, also for live sessions.',
    standardSchema: ChangedUserSchema,
    headers: REVOCATION_HEADERS,
  })
  @ApiProblem('USER_NOT_FOUND', 'LAST_ADMIN')
  async update(
    @Req() req: Request,
    @CurrentSession() admin: RequestSession,
    @Param('userId', { schema: UserId }) userId: string,
    @Body({ schema: UserChangesBody }) changes: UserChangesInput,
  ): Promise<{ user: UserView }> {
    return { user: toUserView(await this.users.update(req, admin, userId, changes)) };
  }
}
