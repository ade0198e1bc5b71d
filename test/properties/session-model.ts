import type { SessionPrincipal } from '../../src/session/session.types.js';
import { GENERATION_TTL_MS, type Kind, lifetimeOf, LONGEST_LOGIN_MS, MOVED_FOR_MS } from './policy.js';

/** What requests put into sessions; every id in it is used once. */
export interface Data {
  /** Different requests add different members: all must be kept. */
  cart?: Record<string, true>;
  /** Requests append to the same list: all must be kept. */
  log?: string[];
  /** The last request to set it wins. */
  last?: string;
  /** Counted up by `update`. */
  n?: number;
}

/** When something happened, as well as is known: not before, not after. Ms of the time that the model has. */
export interface Moment {
  fromMs: number;
  toMs: number;
  /** Whether it has been read from Redis. */
  exact?: boolean;
}

export interface ModelSession {
  nr: number;
  token: string;
  tag: string;
  digest: string;
  /** The name of the session in the API. */
  handle: string;
  /** Undefined when it is anonymous. */
  userId: string | undefined;
  kind: Kind | undefined;
  created: Moment;
  absolute: Moment;
  touched: Moment;
  expires: Moment;
  revision: number;
  data: Data;
  /** False after its index was lost, until it is written next. */
  indexed: boolean;
  /** Whether its record vanished and nobody looked at its index since. */
  dangling: boolean;
  /** Since when a login has it. */
  taken: Moment | undefined;
  /** When its client was given another id in its place, which tells it apart from one that has just ended. */
  moved: Moment | undefined;
  /** Why it has ended; once set, it is set for ever. */
  end: string | undefined;
}

export interface ModelUser {
  id: string;
  principal: SessionPrincipal;
  version: number;
  /** How often all sessions were revoked; 0 reads as never. */
  revocations: number;
  /** Of the last one: the time that a replay is compared with. */
  revokedAt: Moment;
  /** Whether an index was lost: its sessions may come back to one that has filled up meanwhile. */
  lostIndex: boolean;
  /** Until when Redis remembers. */
  rememberedUntilMs: number;
}

// Two revocations within a millisecond are a millisecond apart to those who compare.
const REVOCATIONS_APART_MS = 20;

const after = (moment: Moment, ms: number): Moment => ({
  fromMs: moment.fromMs + ms,
  toMs: moment.toMs + ms,
});
const earlier = (a: Moment, b: Moment): Moment => ({
  fromMs: Math.min(a.fromMs, b.fromMs),
  toMs: Math.min(a.toMs, b.toMs),
});

/** What sessions are, in memory and one after the other. It knows nothing of Redis, generations or revisions in keys. */
export class SessionModel {
  readonly sessions: ModelSession[] = [];
  /** Users whose index was written, or listed, in this step. */
  readonly written = new Set<string>();
  epoch = 0;

  constructor(readonly users: ModelUser[]) {}

  userOf(session: ModelSession): ModelUser | undefined {
    return this.users.find((user) => user.id === session.userId);
  }

  add(
    made: Pick<ModelSession, 'token' | 'tag' | 'digest' | 'handle' | 'userId' | 'kind' | 'data'>,
    at: Moment,
  ): ModelSession {
    const { idleMs, absoluteMs } = lifetimeOf(made.kind);
    const session: ModelSession = {
      ...made,
      nr: this.sessions.length,
      created: { ...at },
      absolute: after(at, absoluteMs),
      touched: { ...at },
      expires: after(at, Math.min(idleMs, absoluteMs)),
      revision: 1,
      indexed: made.userId !== undefined,
      dangling: false,
      taken: undefined,
      moved: undefined,
      end: undefined,
    };
    this.sessions.push(session);
    const user = this.userOf(session);
    if (user) {
      this.rememberRevocations(user, at);
      this.written.add(user.id);
    }
    return session;
  }

  /** Whether it is a session that may still be saved, listed and revoked. */
  isLive(session: ModelSession, nowMs: number): boolean {
    return session.end === undefined && session.taken === undefined && nowMs < session.expires.toMs;
  }

  /** Whether a request may come in with it. */
  isUsable(session: ModelSession, nowMs: number): boolean {
    return this.isLive(session, nowMs) && !this.userOf(session)?.principal.disabled;
  }

  liveOf(userId: string, nowMs: number): ModelSession[] {
    return this.sessions.filter((session) => session.userId === userId && this.isLive(session, nowMs));
  }

  /** What lists and limits see: everything, unless an index was lost. */
  indexedOf(userId: string, nowMs: number): ModelSession[] {
    return this.liveOf(userId, nowMs).filter((session) => session.indexed);
  }

  /** Used or saved: the idle timeout starts again. */
  use(session: ModelSession, at: Moment): void {
    session.touched = { ...at };
    this.slide(session, at);
    session.indexed = session.userId !== undefined;
    if (session.userId !== undefined) this.written.add(session.userId);
  }

  slide(session: ModelSession, at: Moment): void {
    session.expires = earlier(after(at, lifetimeOf(session.kind).idleMs), session.absolute);
  }

  /** Nothing extends an absolute lifetime that has begun. */
  capAbsolute(session: ModelSession, inherited: Moment): void {
    session.absolute = earlier(session.absolute, inherited);
    session.expires = earlier(session.expires, session.absolute);
  }

  take(session: ModelSession, at: Moment): void {
    session.taken = at;
    session.expires = earlier(session.expires, after(at, LONGEST_LOGIN_MS));
  }

  giveBack(session: ModelSession, at: Moment): void {
    session.taken = undefined;
    this.slide(session, at);
  }

  /** Whether a save has to be told that the session moved, rather than that it has ended. */
  isRememberedAsTaken(session: ModelSession, nowMs: number): boolean {
    return session.end === undefined && session.taken !== undefined && nowMs < session.expires.toMs;
  }

  /** Whether a request with this id must not be given a visitor's session in its place. */
  isRememberedAsMoved(session: ModelSession, nowMs: number): boolean {
    if (session.userId === undefined) return this.isRememberedAsTaken(session, nowMs);
    return session.moved !== undefined && nowMs < session.moved.toMs + MOVED_FOR_MS;
  }

  end(session: ModelSession, why: string): void {
    session.end ??= why;
  }

  /** Redis loses a record, as one that evicts does; nothing tells its index. */
  lose(session: ModelSession): void {
    session.dangling ||= session.indexed && session.end === undefined;
    this.end(session, 'lost');
  }

  loseIndex(user: ModelUser): void {
    for (const session of this.sessions) {
      if (session.userId !== user.id) continue;
      session.indexed = false;
      session.dangling = false;
    }
    user.lostIndex = true;
  }

  /** How many records vanished that the index of a user still names. */
  danglingOf(user: ModelUser, nowMs: number): number {
    return this.sessions.filter((one) => one.dangling && one.userId === user.id && nowMs < one.expires.toMs)
      .length;
  }

  /** Somebody looked at every member of a user's index: what vanished is out of it. */
  looked(user: ModelUser): void {
    for (const session of this.sessions) if (session.userId === user.id) session.dangling = false;
    this.written.add(user.id);
  }

  /** Every session of a user ends but those that are named. */
  endAll(userId: string, why: string, spared: (session: ModelSession) => boolean = () => false): void {
    for (const session of this.sessions) {
      if (session.userId === userId && !spared(session)) this.end(session, why);
    }
  }

  /** Everything that was to be compared with earlier revocations is void. */
  revoked(user: ModelUser, at: Moment): void {
    user.revocations += 1;
    this.looked(user);
    user.revokedAt = { fromMs: at.fromMs, toMs: at.toMs + REVOCATIONS_APART_MS };
    user.rememberedUntilMs = at.toMs + GENERATION_TTL_MS;
  }

  /** What a ticket sees of a user's revocations. */
  revocationsOf(user: ModelUser, nowMs: number): number {
    return nowMs < user.rememberedUntilMs ? user.revocations : 0;
  }

  /** A new session needs the revocations before it to be remembered for as long as it may live. */
  rememberRevocations(user: ModelUser, at: Moment): void {
    if (this.revocationsOf(user, at.toMs) > 0) user.rememberedUntilMs = at.toMs + GENERATION_TTL_MS;
  }
}
