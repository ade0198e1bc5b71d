import type { IncomingMessage } from 'node:http';
import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { LoginTicket } from './login-ticket.js';
import { requestStateOf, type RequestState } from './request/request-state.js';
import { SessionEndedError, StaleLoginError, TooManySessionsError } from './session.errors.js';
import type { ResolvedSessionOptions } from './session.module-definition.js';
import { SESSION_OPTIONS, SESSION_STORE } from './session.tokens.js';
import type { EndReason, SessionMeta, SessionPrincipal, SessionView, Transport } from './session.types.js';
import { viewOf } from './session-view.js';
import type { RedisSessionStore } from './store/redis-session.store.js';
import type { JsonData } from './store/session-codec.js';
import type { SessionEngine } from './store/session-engine.js';
import { LONGEST_LOGIN_MS } from './store/session.repository.js';
import { type SessionState, stateOf } from './store/session-state.js';
import { signBearerToken } from './token/bearer-token.js';
import { addressOf, newSessionToken } from './token/session-id.js';

/** A session that has just been made, for the one answer that may hand it out. */
export interface EstablishedSession {
  session: SessionView;
  /** The bearer token; only for bearer sessions. */
  token?: string;
}

export interface EstablishOptions {
  principal: SessionPrincipal;
  ticket: LoginTicket;
  transport: Transport;
  /** Handle of a session of this user that makes room for the new one. */
  revokeSessionId?: string;
}

type Carrier = IncomingMessage & { session?: Request['session'] };

/** Makes, moves and ends the session of a request. */
@Injectable()
export class SessionLifecycle {
  private readonly engine: SessionEngine;

  constructor(
    @Inject(SESSION_OPTIONS) private readonly options: ResolvedSessionOptions,
    @Inject(SESSION_STORE) private readonly store: RedisSessionStore,
  ) {
    this.engine = store.engine;
  }

  async takeTicket(userId: string): Promise<LoginTicket> {
    const { repository, ring } = this.engine;
    await repository.clock.ready();
    const tag = ring.current(userId);
    return { userId, tag, ...(await repository.ticket(tag)), takenAtMs: repository.clock.now() };
  }

  async establish(req: IncomingMessage, login: EstablishOptions): Promise<EstablishedSession> {
    const request = this.requestOf(req);
    const { principal, ticket } = login;
    if (ticket.userId !== principal.id) throw new TypeError('The ticket was taken for another user.');
    if (this.engine.repository.clock.now() - ticket.takenAtMs > LONGEST_LOGIN_MS) throw this.stale();
    const previous = stateOf((req as Carrier).session);
    const carried = await this.carryOver(req, previous);
    try {
      const meta = this.metaOf(request, principal, login.transport);
      const data = { ...this.freshData(principal), ...carried };
      const state = await this.create(principal, ticket, meta, data, await this.replacedBy(login, previous));
      if (previous?.at.ofUser && previous.at.tag !== state.at.tag) await this.engine.repository.destroy(previous.at);
      return this.install(req, request, state);
    } catch (error) {
      if (previous && !previous.at.ofUser) await this.giveBack(previous);
      throw error;
    }
  }

  async rotate(
    req: IncomingMessage,
    change: { principal?: SessionPrincipal; revokeOthers?: boolean } = {},
  ): Promise<EstablishedSession & { revoked: number }> {
    const request = this.requestOf(req);
    const session = (req as Carrier).session;
    const state = stateOf(session);
    if (!session || !state?.principal || !state.meta) throw new SessionEndedError();
    const principal = change.principal ?? state.principal;
    const meta = this.metaOf(request, principal, state.meta.transport);
    const lifetime = this.engine.policy.lifetimeOf(meta);
    const token = newSessionToken(state.at.tag);
    const at = addressOf(token);
    for (;;) {
      const mine = this.engine.codec.dataOf(session);
      const merged = state.stored ? this.engine.merge(state, mine, state.stored) : mine;
      const data = { ...merged, passport: { user: snapshotOf(principal) } };
      const body = this.engine.bodyOf(meta, data);
      const { repository } = this.engine;
      const reply = await repository.rotate(state.at, at, state.header.revision, body, lifetime, !!change.revokeOthers);
      if (reply.outcome === 'gone') throw this.engine.gone();
      if (reply.outcome === 'conflict') {
        this.engine.adopt(state, reply.raw);
        continue;
      }
      if (reply.ended > 0) this.note('revoked-all', reply.ended);
      this.note('rotated', 1);
      const header = {
        touchedMs: reply.nowMs,
        absoluteExpiryMs: reply.absoluteExpiryMs,
        createdMs: reply.createdMs,
        generation: reply.generation,
        revision: 1,
      };
      const moved = this.engine.stateFrom(token, at, { header, meta, data }, principal);
      return { ...this.install(req, request, moved), revoked: reply.ended };
    }
  }

  /** @returns whether a live session ended; express-session neither saves nor makes one afterwards */
  async end(req: IncomingMessage): Promise<boolean> {
    const carrier = req as Carrier;
    const state = stateOf(carrier.session);
    const ended = state ? await this.engine.repository.destroy(state.at) : false;
    delete carrier.session;
    const request = requestStateOf(req);
    if (request) request.session = undefined;
    if (ended) this.note('logout', 1);
    return ended;
  }

  private async create(
    principal: SessionPrincipal,
    ticket: LoginTicket,
    meta: SessionMeta,
    data: JsonData,
    replaces: string | undefined,
  ): Promise<SessionState> {
    const { repository, policy } = this.engine;
    const token = newSessionToken(ticket.tag);
    const at = addressOf(token);
    const { absoluteTimeoutMs, idleTimeoutMs } = policy.lifetimeOf(meta);
    const { maxSessions, limitPolicy } = this.options;
    const reply = await repository.create(
      at,
      this.engine.bodyOf(meta, data),
      { absoluteTimeoutMs, idleTimeoutMs, maxSessions, limitPolicy },
      { generation: ticket.generation, replaces },
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
    if ((await repository.epoch()) !== ticket.epoch) {
      await repository.destroy(at);
      throw this.stale();
    }
    this.options.observer?.onSessionEvent({ type: 'created', anonymous: false });
    if (reply.evicted > 0) this.note('evicted', reply.evicted);
    if (replaces !== undefined) this.note('replaced', 1);
    return this.engine.stateFrom(token, at, { header, meta, data }, principal);
  }

  private install(req: IncomingMessage, request: RequestState, state: SessionState): EstablishedSession {
    const bearer = state.meta?.transport === 'bearer';
    request.mayCarryCookie = !bearer;
    request.session = state;
    request.credential = 'valid';
    this.store.install(req, state);
    const session = viewOf(this.engine, state, true);
    return bearer ? { session, token: signBearerToken(state.token, this.options.secrets[0] as string) } : { session };
  }

  /** The session that makes room: the one of this user that the request came with, or the one it names. */
  private async replacedBy(login: EstablishOptions, previous: SessionState | undefined): Promise<string | undefined> {
    if (previous?.at.tag === login.ticket.tag) return previous.at.digest;
    if (login.revokeSessionId === undefined) return undefined;
    const digests = await this.engine.repository.indexed(login.ticket.tag);
    return digests.find((digest) => this.engine.ring.handle(digest) === login.revokeSessionId);
  }

  /** What the anonymous session held under the keys that a login keeps; taken once, by one login. */
  private async carryOver(req: IncomingMessage, previous: SessionState | undefined): Promise<JsonData> {
    if (previous?.at.ofUser) return {};
    const session = (req as Carrier).session;
    if (!previous) return session ? this.pick(this.engine.codec.dataOf(session)) : {};
    const raw = await this.engine.repository.takeAnonymous(previous.at);
    const decoded = raw === null ? 'corrupt' : this.engine.codec.decode(raw);
    return typeof decoded === 'string' ? {} : this.pick(decoded.data);
  }

  private pick(data: JsonData): JsonData {
    return Object.fromEntries(
      this.options.carryOver.filter((key) => Object.hasOwn(data, key)).map((key) => [key, data[key]]),
    );
  }

  private async giveBack(previous: SessionState): Promise<void> {
    // The login has failed for a reason of its own; that one is reported, and the cart stays marked for a while.
    await this.engine.repository
      .returnAnonymous(previous.at, this.engine.idleTimeoutMs(previous, previous.seen.data))
      .catch(() => undefined);
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
      authenticatedAt: Math.floor(this.engine.repository.clock.now()),
      ip: request.ip,
      userAgent: request.userAgent,
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
    if (!request) throw new TypeError('The request did not pass SessionMiddleware; its path is excluded from SessionModule.');
    return request;
  }
}

/** A user's live sessions, newest activity first. */
export async function listSessions(engine: SessionEngine, userId: string, currentId?: string): Promise<SessionView[]> {
  const views: SessionView[] = [];
  for (const tag of engine.ring.oldestFirst(userId)) {
    for (const { digest, raw } of await engine.repository.list(tag)) {
      const decoded = engine.codec.decode(raw);
      if (typeof decoded === 'string' || engine.options.userOf(decoded.data)?.id !== userId) continue;
      const state = engine.stateFrom('', { tag, digest, ofUser: true }, decoded, undefined);
      const id = engine.ring.handle(digest);
      views.push(viewOf(engine, state, id === currentId));
    }
  }
  return views.sort((a, b) => b.lastSeenAt.localeCompare(a.lastSeenAt) || b.createdAt.localeCompare(a.createdAt));
}

/** What a session remembers of its user. `disabled` is left out: a disabled user has no session. */
export function snapshotOf({ id, email, displayName, roles, createdAt }: SessionPrincipal): Omit<SessionPrincipal, 'disabled'> {
  return { id, email, displayName, roles, createdAt };
}
