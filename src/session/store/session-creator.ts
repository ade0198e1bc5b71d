import type { IncomingMessage } from 'node:http';
import { demandCookieTransport } from '../request/cookie-transport.js';
import { requestStateOf } from '../request/request-state.js';
import {
  SessionStoreUnavailableError,
  SessionUserMismatchError,
  TooManySessionsError,
} from '../session.errors.js';
import { listSessions } from '../session-list.js';
import type { SessionPrincipal } from '../session.types.js';
import { addressOf, type SessionAddress } from '../token/session-id.js';
import type { JsonData } from './session-codec.js';
import type { SessionEngine } from './session-engine.js';
import { mergeThreeWay } from './session-merge.js';
import { type SessionState, setState, stateOf } from './session-state.js';
import type { UntaggedIds } from './untagged-ids.js';

/** What a session that replaces another in its request must find unchanged, and may not outlive. */
export interface Ticket {
  tag: string;
  generation: number;
  absoluteExpiryMs?: number;
  /** How often everybody's sessions had been ended when the login began. */
  epoch?: string;
  /** The session of the same user that it goes on from, and when that was last known to be live. */
  follows?: { at: SessionAddress; createdMs: number; aliveMs: number };
}

/** A session without a record, as express-session or a caller of the store hands it over. */
export interface NewSession {
  token: string;
  session: { cookie?: unknown };
  data: JsonData;
  req?: IncomingMessage;
}

/** Makes the records of sessions that have none yet. */
export class SessionCreator {
  private readonly tickets = new WeakMap<IncomingMessage, Ticket>();
  private readonly successors = new WeakSet<IncomingMessage>();

  constructor(
    private readonly engine: SessionEngine,
    private readonly untagged: UntaggedIds | undefined,
  ) {}

  /** Notes that a live session of this request has ended to make room for its next one, which is no new visitor's. */
  expectSuccessor(req: IncomingMessage): void {
    this.successors.add(req);
  }

  /** Notes what the session that this request makes next must find unchanged. */
  expect(req: IncomingMessage, ticket: Ticket): void {
    this.tickets.set(req, ticket);
  }

  /**
   * @throws SessionUserMismatchError, SessionEndedError, SessionMovedError, TooManySessionsError, SessionTooLargeError,
   *   SessionStoreUnavailableError
   */
  async create(fresh: NewSession): Promise<void> {
    const { token, data, req } = fresh;
    const at = addressOf(token);
    const user = this.engine.options.userOf(data);
    const home = this.homeOf(at, user);
    // Whoever sets whole sessions by hand may put another user under an id than the one it leads to.
    if (this.untagged && !req && !at.ofUser) await this.leave(token, home);
    await this.createAt(home, user, fresh);
    if (home !== at) await this.untagged?.point(at, home.tag);
  }

  /** Whether a session changes its owner without changing its id, which only untagged ids can. */
  changesOwner(state: SessionState, data: JsonData): boolean {
    if (!this.untagged || addressOf(state.token).ofUser) return false;
    return (this.engine.options.userOf(data) !== undefined) !== state.at.ofUser;
  }

  /** Moves a session to its new owner: a login or a logout that did not regenerate the id. */
  async changeOwner(state: SessionState, fresh: NewSession): Promise<void> {
    const { repository, codec, writer, options } = this.engine;
    if (state.at.ofUser) {
      if (!(await this.untagged?.destroy(state.token))) throw writer.gone();
      if (fresh.req) this.expectSuccessor(fresh.req);
      return this.create(fresh);
    }
    // Taken in one step, so that what other requests saved before is kept and what they save later is refused.
    const raw = await repository.takeAnonymous(state.at);
    const present = raw === null ? 'corrupt' : codec.decode(raw);
    if (typeof present === 'string') throw writer.gone();
    const text = codec.text(fresh.data);
    const mine = options.serializer.parse(text) as JsonData;
    const merged = mergeThreeWay(state.seen.data, mine, present.data) as JsonData;
    try {
      await this.create({ ...fresh, data: merged });
      const made = stateOf(fresh.session);
      if (made) Object.assign(made, { seen: { text, data: mine }, stored: merged });
    } catch (error) {
      // The login has failed for a reason of its own; that one is reported.
      await repository
        .returnAnonymous(state.at, this.engine.idleTimeoutMs(state, present.data))
        .catch(() => undefined);
      throw error;
    }
  }

  private homeOf(at: SessionAddress, user: SessionPrincipal | undefined): SessionAddress {
    if (user && !at.ofUser && this.untagged) return this.untagged.addressOf(at, user.id);
    if ((user !== undefined) !== at.ofUser || (user && !this.engine.ring.owns(user.id, at.tag))) {
      throw new SessionUserMismatchError();
    }
    return at;
  }

  private async leave(token: string, home: SessionAddress): Promise<void> {
    const present = await this.untagged?.load(token);
    if (present && present.at.tag !== home.tag) await this.untagged?.destroy(token);
  }

  private async createAt(
    home: SessionAddress,
    user: SessionPrincipal | undefined,
    fresh: NewSession,
  ): Promise<void> {
    const { token, session, data, req } = fresh;
    if (req) demandCookieTransport(req);
    const { repository, policy, options, codec, writer, redis } = this.engine;
    const noted = req && this.tickets.get(req);
    const ticket = noted?.tag === home.tag ? noted : undefined;
    const { absoluteTimeoutMs } = policy.lifetimeOf(undefined);
    const limits = {
      idleTimeoutMs: this.engine.idleTimeoutMs({ meta: undefined }, { ...data, cookie: session.cookie }),
      absoluteTimeoutMs: Math.min(
        absoluteTimeoutMs,
        (ticket?.absoluteExpiryMs ?? Infinity) - redis.clock.now(),
      ),
      maxSessions: options.maxSessions,
      limitPolicy: options.limitPolicy,
    };
    const body = this.engine.bodyOf(undefined, data);
    if (!home.ofUser && req && !this.successors.has(req)) {
      await this.refuseMoved(req);
      await this.admit(req);
    }
    const reply = await repository.create(home, body, limits, { generation: ticket?.generation });
    if (reply.outcome === 'limit') throw await this.tooMany(user?.id ?? '');
    if (reply.outcome === 'exists') return this.overwrite(home, fresh, limits.idleTimeoutMs);
    if (reply.outcome !== 'ok') throw writer.gone();
    if (ticket && (await this.wasMissed(ticket, home))) {
      await repository.destroy(home);
      throw writer.gone();
    }
    options.observer?.onSessionEvent({ type: 'created', anonymous: !home.ofUser });
    if (reply.evicted > 0)
      options.observer?.onSessionEvent({ type: 'ended', reason: 'evicted', count: reply.evicted });
    const text = codec.text(data);
    setState(session, {
      token,
      at: home,
      meta: undefined,
      principal: user,
      header: {
        touchedMs: reply.nowMs,
        absoluteExpiryMs: reply.nowMs + limits.absoluteTimeoutMs,
        createdMs: reply.nowMs,
        generation: reply.generation,
        revision: 1,
      },
      seen: { text, data: options.serializer.parse(text) as JsonData },
      stored: undefined,
    });
  }

  /** Whether everybody's sessions were ended meanwhile, by a scan that may have passed this one before it was made. */
  private async wasMissed({ epoch, follows }: Ticket, home: SessionAddress): Promise<boolean> {
    const { everyone, redis } = this.engine;
    if (epoch !== undefined) return (await everyone.epoch()) !== epoch;
    if (!follows) return false;
    const { at, createdMs, aliveMs } = follows;
    const from = redis.keys.session(at.tag, at.digest);
    return everyone.mustEnd({ createdMs, aliveMs, from, to: redis.keys.session(home.tag, home.digest) });
  }

  /**
   * A request that was on its way while a login took its anonymous session over, or while its user's session went on under
   * another id, finds none. A new one in its place would come with a cookie that takes the login away from the browser.
   */
  private async refuseMoved(req: IncomingMessage): Promise<void> {
    const token = requestStateOf(req)?.arrival?.token;
    const at = token === undefined ? undefined : addressOf(token);
    if (!at) return;
    if (at.ofUser) {
      if (await this.engine.repository.hasMoved(at)) throw this.engine.writer.moved();
      return;
    }
    const { raw } = await this.engine.repository.load(at);
    if (raw !== null && this.engine.codec.decode(raw) === 'moved') throw this.engine.writer.moved();
  }

  private async admit(req: IncomingMessage): Promise<void> {
    const { anonymousSessionLimiter, observer } = this.engine.options;
    try {
      await anonymousSessionLimiter?.admit({ ip: requestStateOf(req)?.ip ?? '' });
    } catch (error) {
      if (!(error instanceof SessionStoreUnavailableError))
        observer?.onSessionEvent({ type: 'refused', reason: 'throttled' });
      throw error;
    }
  }

  // The Store contract is to upsert: who hands over a whole session without having read one wants it to be so.
  private async overwrite(
    home: SessionAddress,
    { token, session, data }: NewSession,
    idleMs: number,
  ): Promise<void> {
    const state = await this.engine.load(token, home);
    if (!state) throw this.engine.writer.gone();
    const whole = this.engine.options.serializer.parse(this.engine.codec.text(data)) as JsonData;
    await this.engine.writer.overwrite(state, whole, idleMs);
    setState(session, state);
  }

  private async tooMany(userId: string): Promise<TooManySessionsError> {
    this.engine.options.observer?.onSessionEvent({ type: 'refused', reason: 'limit' });
    return new TooManySessionsError(await listSessions(this.engine, userId));
  }
}
