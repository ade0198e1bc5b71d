import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { originOf, SecurityRecorder } from '../auth/index.js';
import {
  type RequestSession,
  type SessionPrincipal,
  SessionService,
  tellDurability,
} from '../session/index.js';
import { ADMIN_OPTIONS, type AdminModuleOptions } from './admin.module-definition.js';
import { userChangeEvents } from './user-change-events.js';
import { type UserChanges, UserNotFoundError, type UserPage, type UserSearch } from './user-directory.js';

/** Finding people, and changing what they may do. */
@Injectable()
export class AdminUsersService {
  constructor(
    @Inject(ADMIN_OPTIONS) private readonly options: AdminModuleOptions,
    private readonly sessions: SessionService,
    private readonly recorder: SecurityRecorder,
  ) {}

  /** @throws InvalidCursorError */
  async search(search: UserSearch): Promise<UserPage> {
    return this.options.users.search(search);
  }

  /** @throws UserNotFoundError */
  async get(userId: string): Promise<SessionPrincipal> {
    const user = await this.options.users.find(userId);
    if (!user) throw new UserNotFoundError();
    return user;
  }

  /** A user and how many live sessions he has. @throws UserNotFoundError */
  async getWithSessions(userId: string): Promise<{ user: SessionPrincipal; sessions: number }> {
    const user = await this.get(userId);
    return { user, sessions: await this.sessions.count(userId) };
  }

  /**
   * Changes a user; holds for his live sessions when it resolves.
   * @throws UserNotFoundError, LastAdminError
   */
  async update(
    req: Request,
    admin: RequestSession,
    userId: string,
    changes: UserChanges,
  ): Promise<SessionPrincipal> {
    const before = await this.get(userId);
    const recording = this.recorder.recording(originOf(req), (after, was) =>
      userChangeEvents({ actorId: admin.userId }, after, was),
    );
    try {
      const after = await this.options.users.update(userId, changes, recording);
      await recording.settle(after, before);
      tellDurability(req, recording.revocation);
      return after;
    } catch (error) {
      // The sessions may not have been reached, and the change stands nevertheless: the trail must have it.
      const after = await this.options.users.find(userId).catch(() => null);
      if (after) await recording.settle(after, before);
      throw error;
    }
  }
}
