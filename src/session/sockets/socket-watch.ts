import type { SessionEngine } from '../store/session-engine.js';
import type { SessionAddress } from '../token/session-id.js';
import { EndedFeed } from './ended-feed.js';
import { type Place, placeOfKey } from './places.js';
import { parseNews, type SessionNews } from './session-news.js';
import { ShardLooks } from './shard-looks.js';
import { WatchedSession } from './watched-session.js';

const TICK_MS = 250;
// While news cannot be heard, every session is asked about this often.
const POLL_EVERY_MS = 500;
// How long news are listened to when no socket is open any more.
const LINGER_MS = 2_000;

/** Whoever wants to hear more than that a session ended. */
export interface NewsListener {
  /** Under one of the tags that he listens to. */
  onNews(news: SessionNews): void;
  /** From now on nothing is missed; until now something may have been. */
  onUp(): unknown;
}

/**
 * Looks after the sessions of all open sockets of this node. Who is told that something ended asks Redis, which alone
 * decides; so a message may come twice, late, or from anybody, and does no harm. When messages of a server may have been
 * missed, every session there is asked about at once, and again and again until they are heard; when one's time is over,
 * that one.
 *
 * Nothing of this runs while no socket is open.
 */
export class SocketWatch {
  private readonly sessions = new Map<string, Map<string, WatchedSession>>();
  private readonly listeners = new Map<string, Set<NewsListener>>();
  private readonly feed: EndedFeed;
  private readonly looks = new ShardLooks();
  private timer: NodeJS.Timeout | undefined;
  private polledMs = -Infinity;
  private usedMs = 0;

  constructor(
    private readonly engine: SessionEngine,
    private readonly outageGraceMs: number,
  ) {
    const { redis } = engine;
    this.feed = new EndedFeed(redis.ungated, redis.keys.ended(), {
      onEnded: (message) => this.spread(parseNews(message)),
      onGap: (place) => {
        this.askAbout(this.all().filter((session) => this.placeOf(session) === place));
        if (this.feed.hears(place)) this.tellOfGap(place);
      },
    });
  }

  /** How many sockets there are. */
  get size(): number {
    return this.all().reduce((sum, { connections }) => sum + connections.size, 0);
  }

  /** The session of a token, for all connections of this node that have it. */
  of(token: string, at: SessionAddress): WatchedSession {
    const ofUser = this.sessions.get(at.tag) ?? new Map<string, WatchedSession>();
    const known = ofUser.get(at.digest);
    if (known) return known;
    const session = new WatchedSession(this.engine, token, at, () => this.forget(session));
    this.sessions.set(at.tag, ofUser.set(at.digest, session));
    this.start();
    return session;
  }

  /** Calls back for news under any of these tags. @returns to be called when they are of no interest any more */
  listen(tags: readonly string[], listener: NewsListener): () => void {
    for (const tag of tags) this.listeners.set(tag, (this.listeners.get(tag) ?? new Set()).add(listener));
    return () => {
      for (const tag of tags) {
        const ofTag = this.listeners.get(tag);
        ofTag?.delete(listener);
        if (ofTag?.size === 0) this.listeners.delete(tag);
      }
    };
  }

  /** Resolves when nothing of these tags can be missed any more, or when that takes too long. */
  async heard(tags: readonly string[], patienceMs: number): Promise<void> {
    const { keys, ungated } = this.engine.redis;
    const isHeard = () => tags.every((tag) => this.feed.hears(placeOfKey(ungated, keys.index(tag))));
    if (isHeard()) return;
    await new Promise<void>((resolve) => {
      const done = () => {
        leave();
        clearTimeout(timer);
        resolve();
      };
      const leave = this.listen(tags, { onNews: () => undefined, onUp: () => isHeard() && done() });
      const timer = setTimeout(done, patienceMs);
    });
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.feed.close();
  }

  private start(): void {
    this.usedMs = performance.now();
    if (this.timer) return;
    this.feed.follow();
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  private forget(session: WatchedSession): void {
    const { tag, digest } = session.at;
    const ofUser = this.sessions.get(tag);
    // Its last connection had gone, and it was forgotten, but that was still doing something; there is another one by now.
    if (ofUser?.get(digest) !== session) return;
    ofUser.delete(digest);
    if (ofUser.size === 0) this.sessions.delete(tag);
  }

  private tick(): void {
    const nowMs = performance.now();
    const sessions = this.all();
    if (sessions.length > 0) this.usedMs = nowMs;
    // Not at once: who opens and closes connections in turn must not subscribe each time.
    else if (nowMs - this.usedMs > LINGER_MS) return this.close();
    this.feed.follow();
    for (const session of sessions) session.settle(nowMs, this.outageGraceMs);
    const isPoll = !this.feed.hearsAll && nowMs - this.polledMs >= POLL_EVERY_MS;
    if (isPoll) this.polledMs = nowMs;
    for (const session of sessions) {
      if (isPoll && !this.feed.hears(this.placeOf(session))) session.doubt();
      if (session.isDue(nowMs)) this.ask(session);
    }
  }

  private spread(news: SessionNews): void {
    // First, so that whoever hears of an end knows why.
    for (const listener of this.listeners.get(news.tag) ?? []) listener.onNews(news);
    // A new session ends no other.
    if (news.what !== 'created') this.askAbout(this.sessions.get(news.tag)?.values() ?? []);
  }

  private tellOfGap(place: Place): void {
    const { keys, ungated } = this.engine.redis;
    for (const [tag, ofTag] of this.listeners) {
      if (placeOfKey(ungated, keys.index(tag)) === place) for (const listener of ofTag) listener.onUp();
    }
  }

  private askAbout(sessions: Iterable<WatchedSession>): void {
    for (const session of sessions) {
      session.doubt();
      this.ask(session);
    }
  }

  private ask(session: WatchedSession): void {
    if (!session.isBeingAsked) this.looks.ask(this.placeOf(session), session);
  }

  private placeOf({ at }: WatchedSession): Place {
    const { redis } = this.engine;
    return placeOfKey(redis.ungated, redis.keys.session(at.tag, at.digest));
  }

  private all(): WatchedSession[] {
    return [...this.sessions.values()].flatMap((ofUser) => [...ofUser.values()]);
  }
}
