import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { ProblemException } from '../problem/index.js';
import {
  presentedTransport,
  type Revocation,
  type RequestSession,
  requestSession,
  SessionService,
  type SessionView,
  tellDurability,
  type Transport,
} from '../session/index.js';
import { RecentLogin } from './guards/recent-login.js';
import { SecurityRecorder } from './security-recorder.js';

/** What people do with their own sessions. */
@Injectable()
export class OwnSessionsService {
  constructor(
    private readonly sessions: SessionService,
    private readonly recentLogin: RecentLogin,
    private readonly recorder: SecurityRecorder,
  ) {}

  /** The live sessions of the request's user, newest activity first. */
  async list({ userId, sessionId }: RequestSession): Promise<SessionView[]> {
    return this.sessions.list(userId, sessionId);
  }

  /**
   * Ends the session of this request, an anonymous one too.
   * @returns the transport of the session that ended, or undefined when there was none
   */
  async end(req: Request): Promise<Transport | undefined> {
    const current = requestSession(req);
    const transport = presentedTransport(req);
    if (!(await this.sessions.end(req))) return undefined;
    req.user = undefined;
    if (current) {
      const { userId, sessionId } = current;
      await this.recorder.record(req, { type: 'logout', userId, actorId: userId, sessionId });
    }
    return transport;
  }

  /**
   * Ends another session of the request's user.
   * @throws ProblemException `REAUTHENTICATION_REQUIRED`, `SESSION_NOT_FOUND`
   */
  async revokeOther(req: Request, { userId }: RequestSession, sessionId: string): Promise<void> {
    this.recentLogin.demand(req);
    const revocation = await this.sessions.revoke(userId, sessionId, 'revoked-by-owner');
    if (!revocation) throw new ProblemException('SESSION_NOT_FOUND');
    tellDurability(req, revocation);
    await this.recorder.record(req, {
      type: 'session.revoked',
      userId,
      actorId: userId,
      sessionId,
      detail: { reason: 'owner' },
    });
  }

  /**
   * Ends the other sessions of the request's user, or all of them.
   * @throws ProblemException `REAUTHENTICATION_REQUIRED`
   */
  async revokeMany(
    req: Request,
    { userId, sessionId }: RequestSession,
    scope: 'others' | 'all',
  ): Promise<Revocation> {
    this.recentLogin.demand(req);
    const everything = scope === 'all';
    const revocation = await (everything
      ? this.sessions.revokeAll(userId, 'revoked-by-owner')
      : this.sessions.revokeOthers(userId, sessionId, 'revoked-by-owner'));
    tellDurability(req, revocation);
    // What this request loaded is dead by now; it must neither be touched nor saved.
    if (everything) this.sessions.leave(req);
    await this.recorder.record(req, {
      type: 'sessions.revoked',
      userId,
      actorId: userId,
      // From which session it was done.
      sessionId,
      detail: { reason: 'owner', scope, revoked: revocation.revoked },
    });
    return revocation;
  }
}
