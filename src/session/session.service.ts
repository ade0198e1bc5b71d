import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { together } from './durability/revocation.js';
import type { Operation } from './everybody/everyone-operation.js';
import { EveryoneRevoker } from './everybody/everyone-revoker.js';
import type { LoginTicket } from './login-ticket.js';
import { saveSession } from './request/save-session.js';
import { SessionEndedError } from './session.errors.js';
import { type EstablishedSession, type EstablishOptions, SessionLifecycle } from './session-lifecycle.js';
import { listSessions } from './session-list.js';
import { SESSION_STORE } from './session.tokens.js';
import type {
  EndCause,
  EndReason,
  HostSessionData,
  PrincipalUpdate,
  Revocation,
  SessionPrincipal,
  SessionView,
} from './session.types.js';
import type { RedisSessionStore } from './store/redis-session.store.js';
import type { SessionEngine } from './store/session-engine.js';
import { stateOf } from './store/session-state.js';
import { type SessionAddress } from './token/session-id.js';

/**
 * Sessions of any user: list, revoke, change. What it acknowledges holds on every node from that moment on.
 * Session ids here are handles, as in the API; they cannot authenticate.
 * Every method fails with SessionStoreUnavailableError when Redis does not answer.
 */
@Injectable()
export class SessionService {
  private readonly engine: SessionEngine;

  constructor(
    @Inject(SESSION_STORE) private readonly store: RedisSessionStore,
    private readonly lifecycle: SessionLifecycle,
    private readonly everyone: EveryoneRevoker,
  ) {
    this.engine = store.engine;
  }

  /** A user's live sessions, newest activity first. @param currentSessionId the one to mark as current */
  async list(userId: string, currentSessionId?: string): Promise<SessionView[]> {
    return listSessions(this.engine, userId, currentSessionId);
  }

  /** How many live sessions a user has. */
  async count(userId: string): Promise<number> {
    return (await this.list(userId)).length;
  }

  /**
   * Ends one session of a user.
   * @param cause what whoever is in it is told
   * @returns null when he has no such live session
   */
  async revoke(userId: string, sessionId: string, cause: EndCause = 'unknown'): Promise<Revocation | null> {
    const at = await this.find(userId, sessionId);
    const ended = at && (await this.engine.repository.end(at, cause));
    if (!ended?.revoked) return null;
    this.note('revoked', 1);
    return ended;
  }

  /** Ends every session of a user but one. @param cause what whoever is in one of them is told */
  async revokeOthers(
    userId: string,
    keepSessionId: string,
    cause: EndCause = 'unknown',
  ): Promise<Revocation> {
    return this.revokeUnder(userId, cause, await this.find(userId, keepSessionId));
  }

  /**
   * Ends every session of a user, logins under way included: a login whose ticket is older creates nothing.
   * @param cause what whoever is in one of them is told
   */
  async revokeAll(userId: string, cause: EndCause = 'unknown'): Promise<Revocation> {
    return this.revokeUnder(userId, cause);
  }

  /**
   * Ends everybody's sessions but one, in the background, in chunks; another node goes on when this one dies.
   * Logins under way are covered. Anonymous sessions end too.
   * @returns `durable`: whether a failover cannot undo that it has begun, see `Revocation`
   */
  async revokeEveryone(
    options: { keep?: { userId: string; sessionId: string } } = {},
  ): Promise<{ operationId: string; durable?: boolean }> {
    const { keep } = options;
    const at = keep && (await this.find(keep.userId, keep.sessionId));
    return this.everyone.start(at && this.engine.redis.keys.session(at.tag, at.digest));
  }

  /** How far an operation of `revokeEveryone` is; null when there is none of this id, or not any more. */
  async findOperation(operationId: string): Promise<Operation | null> {
    return this.everyone.find(operationId);
  }

  /**
   * Tells every open session of a user what to believe about him from its next request on.
   * @param version of the user's row; an older one than is known already changes nothing
   */
  async setPrincipal(userId: string, principal: PrincipalUpdate, version: number): Promise<void> {
    const { roles, email, displayName, disabled } = principal;
    for (const tag of this.engine.ring.oldestFirst(userId)) {
      await this.engine.users.setPrincipal(tag, { roles, email, displayName, disabled }, version);
    }
  }

  /** Starts a login: to be called before the user's credentials are read. */
  async takeTicket(userId: string): Promise<LoginTicket> {
    return this.lifecycle.takeTicket(userId);
  }

  /**
   * Logs a user in: always a new session id. What an anonymous session held under `carryOver` comes along; a session
   * that the request was in ends.
   * @throws StaleLoginError when the user's sessions were all revoked since the ticket was taken
   * @throws TooManySessionsError under the `reject` policy
   */
  async establish(req: IncomingMessage, login: EstablishOptions): Promise<EstablishedSession> {
    return this.lifecycle.establish(req, login);
  }

  /**
   * Moves the request's session to a new id with a fresh authentication time: re-authentication, password change.
   * The absolute lifetime stays, or becomes the admin profile's when that is shorter.
   * @param change.principal what to believe about the user from now on
   * @param change.revokeOthers ends every other session in the same step
   * @throws SessionEndedError when the session has ended meanwhile
   */
  async rotate(
    req: IncomingMessage,
    change: { principal?: SessionPrincipal; revokeOthers?: boolean } = {},
  ): Promise<EstablishedSession & Revocation> {
    return this.lifecycle.rotate(req, change);
  }

  /** Ends the request's session. @returns null when there was no live one */
  async end(req: IncomingMessage): Promise<Revocation | null> {
    return this.lifecycle.end(req);
  }

  /**
   * Takes the request out of a session that has ended already, as `revokeAll` ends the caller's own: nothing of it is
   * touched or saved at the end of the request. Asks nobody.
   */
  leave(req: IncomingMessage): void {
    this.lifecycle.leave(req);
  }

  /**
   * Changes the data of a session and loses no update: `change` is run again on the stored data whenever another
   * request was faster, so it must do nothing but change what it is given.
   * @throws SessionEndedError when there is no such live session
   */
  async update(userId: string, sessionId: string, change: (data: HostSessionData) => unknown): Promise<void> {
    const at = await this.find(userId, sessionId);
    if (!at) throw new SessionEndedError();
    const { raw, generation, principal } = await this.engine.repository.load(at);
    const state = raw === null ? null : this.engine.interpret('', at, raw, generation, principal);
    if (!state) throw new SessionEndedError();
    await this.engine.writer.update(state, change);
  }

  /** The same for the request's own session, which afterwards holds what was stored. Saves a visitor's session first. */
  async updateCurrent(req: IncomingMessage, change: (data: HostSessionData) => unknown): Promise<void> {
    const session = (req as Partial<Request>).session;
    if (!session) throw new SessionEndedError();
    if (!stateOf(session)) await saveSession(session);
    const state = stateOf(session);
    if (!state) throw new SessionEndedError();
    await this.engine.writer.save(state, this.engine.codec.dataOf(session));
    await this.engine.writer.update(state, change);
    this.store.install(req, state);
  }

  /** How many sessions are live and how many users have one. Walks over all keys in chunks. */
  async stats(): Promise<{ liveSessions: number; usersWithSessions: number }> {
    return this.everyone.count();
  }

  /** Milliseconds since the epoch by Redis's clock, which every session time is of. */
  now(): number {
    return this.engine.redis.clock.now();
  }

  private async revokeUnder(userId: string, cause: EndCause, keep?: SessionAddress): Promise<Revocation> {
    const revocations: Revocation[] = [];
    // Old tags first: the answer comes when all are raised, and new sessions are made under the last one.
    for (const tag of this.engine.ring.oldestFirst(userId)) {
      const kept = keep?.tag === tag ? keep.digest : undefined;
      revocations.push(await this.engine.users.revokeAll(tag, cause, kept));
    }
    const revocation = together(...revocations);
    if (revocation.revoked > 0) this.note('revoked-all', revocation.revoked);
    return revocation;
  }

  private async find(userId: string, sessionId: string): Promise<SessionAddress | undefined> {
    for (const tag of this.engine.ring.oldestFirst(userId)) {
      const digest = await this.engine.users.findIndexed(
        tag,
        (one) => this.engine.ring.handle(one) === sessionId,
      );
      if (digest !== undefined) return { tag, digest, ofUser: true };
    }
    return undefined;
  }

  private note(reason: EndReason, count: number): void {
    this.engine.options.observer?.onSessionEvent({ type: 'ended', reason, count });
  }
}
