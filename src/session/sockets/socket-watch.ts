import type { SessionEngine } from '../store/session-engine.js';
import { EndedFeed } from './ended-feed.js';
import type { SocketSession } from './socket-session.js';

const TICK_MS = 250;
// While news cannot be heard, every session is asked about this often.
const POLL_EVERY_MS = 500;
// Ten thousand open sockets must not make one pipeline of ten thousand reads, in front of everybody's requests.
const ASKED_AT_ONCE = 50;

/**
 * Looks after the sessions of all open sockets of this node. Who is told that something ended asks Redis, which alone
 * decides; so a message may come twice, late, or from anybody, and does no harm. When messages may have been missed,
 * every session is asked about at once, and again and again until they are heard; when one's time is over, that one.
 *
 * Nothing of this runs before the first socket is opened.
 */
export class SocketWatch {
  private readonly sessions = new Map<string, Set<SocketSession>>();
  private readonly feed: EndedFeed;
  private timer: NodeJS.Timeout | undefined;
  private round: Promise<unknown> | undefined;
  private polledMs = -Infinity;
  private count = 0;

  constructor(
    { redis }: SessionEngine,
    private readonly outageGraceMs: number,
  ) {
    this.feed = new EndedFeed(redis.ungated, redis.keys.ended(), {
      onEnded: (tag) => this.sessions.get(tag)?.forEach((session) => session.check()),
      onUp: () => {
        for (const session of this.all()) session.mistrust();
        this.tick();
      },
    });
  }

  /** How many sockets there are. */
  get size(): number {
    return this.count;
  }

  add(tag: string, session: SocketSession): void {
    const ofUser = this.sessions.get(tag) ?? new Set();
    this.sessions.set(tag, ofUser.add(session));
    this.count += 1;
    if (this.timer) return;
    this.feed.follow();
    this.timer = setInterval(() => this.tick(), TICK_MS).unref();
  }

  remove(tag: string, session: SocketSession): void {
    const ofUser = this.sessions.get(tag);
    if (!ofUser?.delete(session)) return;
    this.count -= 1;
    if (ofUser.size === 0) this.sessions.delete(tag);
  }

  close(): void {
    clearInterval(this.timer);
    this.timer = undefined;
    this.feed.close();
  }

  private tick(): void {
    if (!this.timer) return;
    this.feed.follow();
    const nowMs = performance.now();
    for (const session of this.all()) session.settle(nowMs, this.outageGraceMs);
    if (this.round) return;
    const isPoll = !this.feed.isUp && nowMs - this.polledMs >= POLL_EVERY_MS;
    if (isPoll) this.polledMs = nowMs;
    this.ask(isPoll ? this.all() : this.all().filter((session) => session.isDue(nowMs)));
  }

  private ask(due: SocketSession[]): void {
    if (due.length === 0) return;
    const askInTurn = async (): Promise<void> => {
      for (let one = due.pop(); one; one = due.pop()) await one.look().catch(() => undefined);
    };
    const asking = Array.from({ length: Math.min(ASKED_AT_ONCE, due.length) }, askInTurn);
    this.round = Promise.all(asking).finally(() => (this.round = undefined));
  }

  private all(): SocketSession[] {
    return [...this.sessions.values()].flatMap((ofUser) => [...ofUser]);
  }
}
