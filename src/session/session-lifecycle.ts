import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { tellDurability } from './durability/revocation.js';
import { LoginCarryOver } from './login-carry-over.js';
import { type LoginRoom, makeRoom } from './login-room.js';
import type { LoginTicket } from './login-ticket.js';
import { demandCookieTransport } from './request/cookie-transport.js';
import { clientOf, requestStateOf, type RequestState } from './request/request-state.js';
import { SessionEndedError, StaleLoginError, TooManySessionsError } from './session.errors.js';
import type { ResolvedSessionOptions } from './session.module-definition.js';
import { SESSION_OPTIONS, SESSION_STORE } from './session.tokens.js';
import type {
  EndReason,
  Revocation,
  SessionMeta,
  SessionPrincipal,
  SessionView,
  Transport,
} from './session.types.js';
import { rotateSession } from './session-rotation.js';
import { snapshotOf } from './principal-snapshot.js';
import { listSessions } from './session-list.js';
import { viewOf } from './session-view.js';
import type { RedisSessionStore } from './store/redis-session.store.js';
import type { JsonData } from './store/session-codec.js';
import type { SessionEngine } from './store/session-engine.js';
import { LONGEST_LOGIN_MS } from './store/redis-access.js';
import { type SessionState, stateOf } from './store/session-state.js';
import { onStoreBudget } from './request/store-budget.js';
import { signBearerToken } from './token/bearer-token.js';
import { addressOf, newSessionToken } from './token/session-id.js';

/** A session that has just been made, for the one answer that may hand it out. */
export interface EstablishedSession {
  session: SessionView;
  /** The bearer token; only for bearer sessions. */
  token?: string;
  /** What a login has ended to make room: how many sessions beyond the limit, and the handle of the one it takes the place of. */
  ended?: { evicted?: number; replaced?: string };
  /** Of what this has ended at its caller's wish, see `Revocation`. */
  durable?: boolean;
}

/** Whom to log in, and how. */
export interface EstablishOptions {
  /** Whom; the session remembers this of him. */
  principal: SessionPrincipal;
  /** From `takeTicket(principal.id)`, called before his credentials were read. */
  ticket: LoginTicket;
  /** How the client will carry the session. */
  transport: Transport;
  /** Handle of a session of this user that makes room for the new one. */
  revokeSessionId?: string;
}

type Carrier = IncomingMessage & { session?: Request['session'] };

/** Makes, moves and ends the session of a request. */
@Injectable()
export class SessionLifecycle {
  private readonly engine: SessionEngine;
  private readonly carryOver: LoginCarryOver;

  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(SESSION_STORE) private readonly store: RedisSessionStore,
  ) {
    this.engine = store.engine;
    this.carryOver = new LoginCarryOver(store.engine, options.carryOver);
  }

  async takeTicket(userId: string): Promise<LoginTicket> {
    const { redis, ring, users } = this.engine;
    await this.engine.ready();
    const tag = ring.current(userId);
    return { userId, tag, ...(await users.ticket(tag)), takenAtMs: redis.clock.now() };
  }

  async establish(req: IncomingMessage, login: EstablishOptions): Promise<EstablishedSession> {
    const request = this.requestOf(req);
    const { principal, ticket } = login;
    if (login.transport === 'cookie') demandCookieTransport(req);
    if (ticket.userId !== principal.id) throw new TypeError('The ticket was taken for another user.');
    if (this.engine.redis.clock.now() - ticket.takenAtMs > LONGEST_LOGIN_MS) throw this.stale();
    const previous = stateOf((req as Carrier).session);
    const carried = await onStoreBudget(req, () => this.carryOver.take(req, previous));
    try {
      const meta = this.metaOf(request, principal, login.transport);
      const data = { ...this.freshData(principal), ...carried.data };
      const room = await onStoreBudget(req, () =>
        makeRoom(this.engine, principal.id, previous, login.revokeSessionId),
      );
      // The browser's other requests may be on their way with the id that this login takes the place of.
      const moved = previous?.meta?.transport === 'cookie' && login.transport === 'cookie';
      const { state, ended, durable } = await onStoreBudget(req, () =>
        this.create(principal, ticket, meta, data, {
          ...room,
          moved: moved && room.replaces === previous.at.digest,
        }),
      );
      tellDurability(req, { durable });
      if (previous?.at.ofUser && previous.at.tag !== state.at.tag)
        tellDurability(req, await this.engine.repository.end(previous.at, 'moved', { moved }));
      return { ...this.install(req, request, state), ended, durable };
    } catch (error) {
      if (previous && carried.taken) await this.carryOver.giveBack(previous);
      throw error;
    }
  }

  async rotate(
    req: IncomingMessage,
    change: { principal?: SessionPrincipal; revokeOthers?: boolean } = {},
  ): Promise<EstablishedSession & Revocation> {
    const request = this.requestOf(req);
    const session = (req as Carrier).session;
    const state = stateOf(session);
    if (!session || !state?.principal || !state.meta) throw new SessionEndedError();
    if (state.meta.transport === 'cookie') demandCookieTransport(req);
    const principal = change.principal ?? state.principal;
    const meta = this.metaOf(request, principal, state.meta.transport);
    const { moved, revocation } = await onStoreBudget(req, () =>
      rotateSession(this.engine, state, { session, principal, meta }, !!change.revokeOthers),
    );
    tellDurability(req, revocation);
    return { ...this.install(req, request, moved), ...revocation };
  }

  /** @returns null when no live session ended; express-session neither saves nor makes one afterwards */
  async end(req: IncomingMessage): Promise<Revocation | null> {
    const state = stateOf((req as Carrier).session);
    const ended = state && (await this.engine.repository.end(state.at, 'logout'));
    this.leave(req);
    if (!ended?.revoked) return null;
    tellDurability(req, ended);
    this.note('logout', 1);
    return ended;
  }

  /** Takes the request out of its session: it is neither touched nor saved, and express-session makes no other one. */
  leave(req: IncomingMessage): void {
    delete (req as Carrier).session;
    const request = requestStateOf(req);
    if (request) request.session = undefined;
  }

  private async create(
    principal: SessionPrincipal,
    ticket: LoginTicket,
    meta: SessionMeta,
    data: JsonData,
    { maxSessions, replaces, cause, moved }: LoginRoom & { moved: boolean },
  ): Promise<
    { state: SessionState } & Required<Pick<EstablishedSession, 'ended'>> & Pick<Revocation, 'durable'>
  > {
    if (maxSessions === undefined) throw await this.tooMany(principal.id);
    const { repository, policy } = this.engine;
    const token = newSessionToken(ticket.tag);
    const at = addressOf(token);
    const { absoluteTimeoutMs, idleTimeoutMs } = policy.lifetimeOf(meta);
    const { limitPolicy } = this.options;
    const reply = await repository.create(
      at,
      this.engine.bodyOf(meta, data),
      { absoluteTimeoutMs, idleTimeoutMs, maxSessions, limitPolicy },
      { generation: ticket.generation, replaces, cause, moved },
    );
    if (reply.outcome === 'limit') throw await this.tooMany(principal.id);
    if (reply.outcome !== 'ok') throw this.stale();
    const header = {
      touchedMs: reply.nowMs,
      absoluteExpiryMs: reply.nowMs + absoluteTimeoutMs,
      createdMs: reply.nowMs,
      generation: reply.generation,
      revision: 1,
    };
    // Somebody ended everybody's sessions while this login was under way; its scan may have passed this key already.
    if ((await this.engine.everyone.epoch()) !== ticket.epoch) {
      await repository.destroy(at, 'everyone');
      throw this.stale();
    }
    this.options.observer?.onSessionEvent({ type: 'created', anonymous: false });
    if (reply.evicted > 0) this.note('evicted', reply.evicted);
    if (replaces !== undefined) this.note('replaced', 1);
    const ended = {
      ...(reply.evicted > 0 && { evicted: reply.evicted }),
      ...(replaces !== undefined && { replaced: this.engine.ring.handle(replaces) }),
    };
    const state = this.engine.stateFrom(token, at, { header, meta, data }, principal);
    return { state, ended, durable: reply.durable };
  }

  private install(req: IncomingMessage, request: RequestState, state: SessionState): EstablishedSession {
    const bearer = state.meta?.transport === 'bearer';
    request.mayCarryCookie = !bearer;
    request.session = state;
    request.credential = 'valid';
    this.store.install(req, state);
    const session = viewOf(this.engine, state, true);
    return bearer
      ? { session, token: signBearerToken(state.token, this.options.secrets[0] as string) }
      : { session };
  }

  private freshData(principal: SessionPrincipal): JsonData {
    const { secure, sameSite } = this.options.cookie;
    const cookie = { originalMaxAge: null, httpOnly: true, path: '/', secure, sameSite };
    return this.engine.codec.dataOf({ cookie, passport: { user: snapshotOf(principal) } });
  }

  private metaOf(request: RequestState, principal: SessionPrincipal, transport: Transport): SessionMeta {
    return {
      transport,
      profile: this.engine.policy.profileFor(principal.roles, transport),
      authenticatedAt: Math.floor(this.engine.redis.clock.now()),
      ...clientOf(request),
    };
  }

  private async tooMany(userId: string): Promise<TooManySessionsError> {
    this.options.observer?.onSessionEvent({ type: 'refused', reason: 'limit' });
    return new TooManySessionsError(await listSessions(this.engine, userId));
  }

  private stale(): StaleLoginError {
    this.options.observer?.onSessionEvent({ type: 'refused', reason: 'stale' });
    return new StaleLoginError();
  }

  private note(reason: EndReason, count: number): void {
    this.options.observer?.onSessionEvent({ type: 'ended', reason, count });
  }

  private requestOf(req: IncomingMessage): RequestState {
    const request = requestStateOf(req);
    if (!request)
      throw new TypeError(
        'The request did not pass SessionMiddleware; its path is excluded from SessionModule.',
      );
    return request;
  }
}
