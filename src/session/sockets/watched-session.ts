import { SessionEndedError } from '../session.errors.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { SessionState } from '../store/session-state.js';
import type { SessionAddress } from '../token/session-id.js';
import { ENDED, type SocketEnding, UNKNOWN } from './socket-ending.js';

// How long a session is believed without being asked about, where news of it were lost without anybody noticing.
const RECHECK_MS = 30_000;

/** A connection that is open with a session. */
export interface Connection {
  /** The session has ended, or nobody can say for too long whether it has. */
  sessionEnded(ending: SocketEnding): void;
  /**
   * Redis was asked whether it lives.
   * @param askedMs when, by performance.now(), and it does; undefined when nobody has answered
   */
  sessionSeen?(askedMs: number | undefined): void;
}

/** One session as this node knows it, for all connections that are open with it here: asked about once for all of them. */
export class WatchedSession {
  readonly connections = new Set<Connection>();
  ending: SocketEnding | undefined;
  private state: SessionState | undefined;
  private looking: Promise<void> | undefined;
  private lookingAgain: Promise<void> | undefined;
  private seenMs = performance.now();
  /** Since when something may have changed that no answer has told of. */
  private doubtedMs: number | undefined;
  /** The same, where the look that is under way may have begun before it. */
  private doubtedAgainMs: number | undefined;

  constructor(
    private readonly engine: SessionEngine,
    private readonly token: string,
    readonly at: SessionAddress,
    /** Called when no connection has it any more. */
    private readonly onLeft: () => void,
  ) {}

  /** Whether an answer is under way that knows of everything that is known to have happened. */
  get isBeingAsked(): boolean {
    return (
      this.looking !== undefined && (this.doubtedAgainMs === undefined || this.lookingAgain !== undefined)
    );
  }

  /** As last seen. @throws SessionEndedError before it was seen */
  get known(): SessionState {
    if (!this.state) throw new SessionEndedError();
    return this.state;
  }

  leave(connection: Connection): void {
    if (this.connections.delete(connection) && this.connections.size === 0) this.onLeft();
  }

  /** Asks Redis whether it lives, or waits for an answer that is under way. @throws SessionStoreUnavailableError */
  async look(): Promise<void> {
    this.looking ??= this.ask().finally(() => (this.looking = undefined));
    return this.looking;
  }

  /** The same with an answer that was not under way before. @throws SessionStoreUnavailableError */
  async lookAgain(): Promise<void> {
    if (!this.looking) return this.look();
    this.lookingAgain ??= this.looking
      .catch(() => undefined)
      .then(() => {
        this.lookingAgain = undefined;
        return this.lookAgain();
      });
    return this.lookingAgain;
  }

  /** Something may have changed: it has to be asked about, and if nobody answers, this is since when nobody knows. */
  doubt(): void {
    const nowMs = performance.now();
    this.doubtedMs ??= nowMs;
    this.doubtedAgainMs ??= nowMs;
  }

  /** Ends it when its time is over, or when nobody has been able to say for too long whether it lives. */
  settle(nowMs: number, outageGraceMs: number): void {
    if (!this.state) return;
    if (this.state.header.absoluteExpiryMs <= this.engine.redis.clock.now()) return this.end(ENDED);
    if (this.doubtedMs !== undefined && nowMs - this.doubtedMs > outageGraceMs) this.end(UNKNOWN);
  }

  /** Whether Redis has to be asked. */
  isDue(nowMs: number): boolean {
    if (this.ending || !this.state) return false;
    const isOld =
      nowMs - this.seenMs >= RECHECK_MS || this.engine.expiresMs(this.state) <= this.engine.redis.clock.now();
    if (isOld && this.doubtedMs === undefined) this.doubt();
    return this.doubtedMs !== undefined;
  }

  /** @throws SessionEndedError, SessionTooLargeError, SessionConflictError, SessionStoreUnavailableError */
  async update(change: Parameters<SessionEngine['writer']['update']>[1]): Promise<void> {
    const { redis, writer } = this.engine;
    redis.demandCurrent(redis.keys.session(this.at.tag, this.at.digest));
    const state = this.known;
    try {
      await writer.update(state, change);
    } catch (error) {
      if (error instanceof SessionEndedError) this.end(ENDED);
      throw error;
    }
    // A look that was under way may have brought what was there before this change.
    if (this.state && this.state !== state && this.state.header.revision < state.header.revision) {
      state.principal = this.state.principal;
      this.state = state;
    }
  }

  /** @throws SessionEndedError, SessionStoreUnavailableError */
  async touch(): Promise<void> {
    if (await this.engine.touch(this.known)) return;
    this.end(ENDED);
    throw new SessionEndedError();
  }

  private async ask(): Promise<void> {
    if (this.ending) return;
    this.doubtedMs ??= performance.now();
    this.doubtedAgainMs = undefined;
    // When it fails the doubt stays, and whoever keeps watch asks again.
    const askedMs = performance.now();
    const fresh = await this.engine.load(this.token, this.at).catch((error: unknown) => {
      for (const connection of this.connections) connection.sessionSeen?.(undefined);
      throw error;
    });
    this.seenMs = performance.now();
    this.doubtedMs = this.doubtedAgainMs;
    if (!fresh?.principal || !fresh.meta) return this.end(ENDED);
    // A change of a connection here may have been stored since that was read.
    if (this.state && fresh.header.revision < this.state.header.revision)
      this.state.principal = fresh.principal;
    else this.state = fresh;
    for (const connection of this.connections) connection.sessionSeen?.(askedMs);
  }

  private end(ending: SocketEnding): void {
    if (this.ending) return;
    this.ending = ending;
    const connections = [...this.connections];
    this.connections.clear();
    this.onLeft();
    for (const connection of connections) connection.sessionEnded(ending);
  }
}
