import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { SessionData } from 'express-session';
import { requestStateOf } from '../request/request-state.js';
import { SessionEndedError } from '../session.errors.js';
import { addressOf } from '../token/session-id.js';
import { cookieOf, isExpired, sameCookie } from './session-cookie.js';
import { SessionCreator } from './session-creator.js';
import type { SessionEngine } from './session-engine.js';
import { type SessionState, stateOf } from './session-state.js';
import type { UntaggedIds } from './untagged-ids.js';

/** What a Store does with the token and the session that it is handed, in promises. */
export class SessionsByToken {
  private readonly creator: SessionCreator;

  constructor(
    private readonly engine: SessionEngine,
    /** Present when users' sessions may have ids without a tag. */
    private readonly untagged: UntaggedIds | undefined,
  ) {
    this.creator = new SessionCreator(engine, untagged);
  }

  read(token: string): Promise<SessionState | null> {
    if (!this.engine.isReady) return this.engine.ready().then(() => this.load(token));
    return this.load(token);
  }

  /** Saves a session that was read, creates one that was not. */
  async write(token: string, session: SessionData): Promise<void> {
    if (!this.engine.isReady) await this.engine.ready();
    if (isExpired(session.cookie)) {
      await this.end(token);
      return;
    }
    const state = stateOf(session);
    const req = requestOf(session);
    const request = req && requestStateOf(req);
    if (request?.savePolicy === 'readonly') return;
    const data = this.engine.codec.dataOf(session);
    const fresh = { token, session, data, req };
    if (!state) {
      // A bearer client without a session has nothing to keep an anonymous one with.
      if (request?.transport !== 'bearer') await this.creator.create(fresh);
    } else if (this.creator.changesOwner(state, data)) {
      await this.creator.changeOwner(state, fresh);
    } else if (
      !(await this.engine.writer.save(state, data, request?.savePolicy)) &&
      request?.touch !== false
    ) {
      // With `resave` express-session saves instead of touching; an unchanged session is used all the same.
      await this.slide(state, req);
    }
  }

  /** Slides the idle timeout when that is due; for a request, without waiting for it. */
  async slide(state: SessionState, req?: IncomingMessage): Promise<void> {
    const touched = this.engine.touch(state);
    if (!req) return void (await touched);
    // A lost touch costs at most one interval of idle time; the store has reported it.
    touched.catch(() => undefined);
  }

  /** A touch by a caller who has no request: it also takes over the cookie, and does not wait for an interval it cannot know. */
  async touch(token: string, { cookie }: SessionData): Promise<void> {
    const state = await this.read(token);
    if (!state) return;
    const { data } = state.seen;
    if (cookie && !sameCookie(cookie, data['cookie'] ?? {})) {
      await this.engine.writer.save(state, { ...data, cookie: cookieOf(cookie) });
      return;
    }
    const idle = this.engine.idleTimeoutMs(state, cookie ? { ...data, cookie } : data);
    await this.engine.repository.touch(state.at, idle, 0);
  }

  /** @returns whether the session was live until now */
  async end(token: string): Promise<boolean> {
    if (!this.engine.isReady) await this.engine.ready();
    return this.untagged ? this.untagged.destroy(token) : this.engine.repository.destroy(addressOf(token));
  }

  /**
   * Replaces the session of a request by what `generate` makes.
   * @throws SessionEndedError when a user's session had ended already
   */
  async replace(req: Request, generate: () => void): Promise<void> {
    const state = stateOf(req.session);
    const aliveMs = this.engine.redis.clock.now();
    const ended = await this.end(state?.token ?? req.sessionID);
    if (state?.at.ofUser && !ended) throw new SessionEndedError();
    if (ended) this.creator.expectSuccessor(req);
    generate();
    const { tag, ofUser } = addressOf(req.sessionID);
    const user = state?.principal?.id;
    const goesOn =
      state && user !== undefined && (!ofUser || this.engine.ring.owns(user, tag)) ? state : undefined;
    const absoluteExpiryMs = goesOn?.header.absoluteExpiryMs;
    if (goesOn && (!ofUser || goesOn.at.tag === tag)) {
      // Nothing may have revoked him since his session was read.
      this.creator.expect(req, {
        tag: goesOn.at.tag,
        generation: goesOn.header.generation,
        absoluteExpiryMs,
        follows: { at: goesOn.at, createdMs: goesOn.header.createdMs, aliveMs },
      });
    } else if (ofUser) {
      const ticket = await this.engine.users.ticket(tag);
      this.creator.expect(req, { tag, ...ticket, absoluteExpiryMs });
    }
  }

  private load(token: string): Promise<SessionState | null> {
    return this.untagged ? this.untagged.load(token) : this.engine.load(token);
  }
}

/** The request that express-session hangs on its sessions. */
export function requestOf(session: object): IncomingMessage | undefined {
  return (session as { req?: IncomingMessage }).req;
}
