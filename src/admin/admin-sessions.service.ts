import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { SecurityRecorder } from '../auth/index.js';
import { ProblemException } from '../problem/index.js';
import {
  type Operation,
  type RequestSession,
  type Revocation,
  SessionService,
  type SessionView,
  tellDurability,
} from '../session/index.js';
import { AdminUsersService } from './admin-users.service.js';

/** Listing and ending other people's sessions. */
@Injectable()
export class AdminSessionsService {
  constructor(
    private readonly users: AdminUsersService,
    private readonly sessions: SessionService,
    private readonly recorder: SecurityRecorder,
  ) {}

  /** A user's live sessions, newest activity first; the admin's own is marked. @throws UserNotFoundError */
  async list(admin: RequestSession, userId: string): Promise<SessionView[]> {
    await this.users.get(userId);
    return this.sessions.list(userId, admin.sessionId);
  }

  /**
   * Ends all of a user's sessions and the logins under way; the admin's own session too when the user is himself.
   * @throws UserNotFoundError
   */
  async revokeAll(req: Request, { userId: actorId }: RequestSession, userId: string): Promise<Revocation> {
    await this.users.get(userId);
    const revocation = await this.sessions.revokeAll(userId, 'revoked-by-admin');
    tellDurability(req, revocation);
    await this.recorder.record(req, {
      type: 'sessions.revoked',
      userId,
      actorId,
      detail: { reason: 'admin', scope: 'all', revoked: revocation.revoked },
    });
    return revocation;
  }

  /**
   * Ends one session of a user.
   * @throws UserNotFoundError
   * @throws ProblemException `SESSION_NOT_FOUND` when he has no such live session
   */
  async revoke(
    req: Request,
    { userId: actorId }: RequestSession,
    userId: string,
    sessionId: string,
  ): Promise<void> {
    await this.users.get(userId);
    const revocation = await this.sessions.revoke(userId, sessionId, 'revoked-by-admin');
    if (!revocation) throw new ProblemException('SESSION_NOT_FOUND');
    tellDurability(req, revocation);
    await this.recorder.record(req, {
      type: 'session.revoked',
      userId,
      actorId,
      sessionId,
      detail: { reason: 'admin' },
    });
  }

  /** Ends everybody's sessions but the one of this request. @returns the operation, to be followed with `getOperation` */
  async revokeEveryone(
    req: Request,
    { userId, sessionId }: RequestSession,
  ): Promise<{ operationId: string }> {
    const { operationId, durable } = await this.sessions.revokeEveryone({ keep: { userId, sessionId } });
    tellDurability(req, { durable });
    const detail = { reason: 'admin', scope: 'everybody', operationId };
    await this.recorder.record(req, { type: 'sessions.revoked', userId: null, actorId: userId, detail });
    return { operationId };
  }

  /** @throws ProblemException `OPERATION_NOT_FOUND` when there is none of this id, or not any more */
  async getOperation(operationId: string): Promise<Operation> {
    const operation = await this.sessions.findOperation(operationId);
    if (!operation) throw new ProblemException('OPERATION_NOT_FOUND');
    return operation;
  }
}
