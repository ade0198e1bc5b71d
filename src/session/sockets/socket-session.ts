import { SessionEndedError, SessionStoreUnavailableError } from '../session.errors.js';
import { viewOf } from '../session-view.js';
import type { RequestSession, SessionPrincipal, SessionView, Transport } from '../session.types.js';
import type { JsonData } from '../store/session-codec.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { SessionState } from '../store/session-state.js';
import { addressOf, type SessionAddress } from '../token/session-id.js';
import { ENDED, type SocketEnding, UNKNOWN } from './socket-ending.js';

// How long a socket is believed without being asked about, where news of it were lost without anybody noticing.
const RECHECK_MS = 30_000;

/**
 * The session of an open connection, from its upgrade to its end. What it says of the user follows what is changed
 * elsewhere; when the session ends, whoever listens is told within a second, once.
 *
 * Being open is not use: the idle timeout runs on. What the user does over the connection counts when the application
 * says so, with `touch` or by changing something.
 */
export class SocketSession implements Omit<RequestSession, 'view'> {
  private state: SessionState | undefined;
  private ending: SocketEnding | undefined;
  private readonly listeners: ((ending: SocketEnding) => void)[] = [];
  private readonly at: SessionAddress;
  private looking: Promise<void> | undefined;
  private lookingAgain: Promise<void> | undefined;
  /** Something may have changed since the last look began. */
  private isStale = true;
  private seenMs = performance.now();
  /** Since when Redis was asked and has not answered. */
  private unknownSinceMs: number | undefined;

  /** @internal Sockets are opened by SessionSockets. */
  constructor(
    private readonly engine: SessionEngine,
    private readonly token: string,
    private readonly leave: (session: SocketSession) => void,
  ) {
    this.at = addressOf(token);
  }

  /** The user as of the last look, which every change of him causes. */
  get principal(): SessionPrincipal {
    return this.known.principal as SessionPrincipal;
  }

  /** Whose session it is. */
  get userId(): string {
    return this.principal.id;
  }

  /** The handle, not the token. */
  get sessionId(): string {
    return this.engine.ring.handle(this.at.digest);
  }

  /** How the client carries it; fixed when it was made. */
  get transport(): Transport {
    return this.meta.transport;
  }

  /** Which lifetimes it has; fixed when it was made or re-authenticated. */
  get profile(): RequestSession['profile'] {
    return this.meta.profile;
  }

  /** When the user last proved presence, ms of Redis's clock. */
  get authenticatedAtMs(): number {
    return this.meta.authenticatedAt;
  }

  /** Whether the connection must not be used any more. */
  get hasEnded(): boolean {
    return this.ending !== undefined;
  }

  /** The session as its owner may see it. */
  view(): SessionView {
    return viewOf(this.engine, this.known, true);
  }

  /** Calls back once when the session has ended; at once when it has already. It must not throw. */
  onEnd(listener: (ending: SocketEnding) => void): void {
    if (this.ending) listener(this.ending);
    else this.listeners.push(listener);
  }

  /** To be called when the connection is closed, for whatever reason: nobody looks after its session any more. */
  release(): void {
    this.listeners.length = 0;
    this.leave(this);
  }

  /**
   * What the session holds now; a copy. One command. For what must not happen after a revocation, ask first.
   * @throws SessionEndedError, SessionStoreUnavailableError
   */
  async read(): Promise<JsonData> {
    this.demandOpen();
    await this.lookAgain();
    this.demandOpen();
    return this.data();
  }

  /**
   * Changes what the session holds and loses no update: `change` is run again on the stored data whenever somebody else
   * was faster, so it must do nothing but change what it is given. Counts as use. One command, one more for each conflict.
   * @returns what is stored now; a copy
   * @throws SessionEndedError, SessionTooLargeError, SessionConflictError, SessionStoreUnavailableError
   */
  async update(change: (data: JsonData) => unknown): Promise<JsonData> {
    this.demandOpen();
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
    return this.data();
  }

  /**
   * Says that the user is active: the idle timeout begins anew. A command at most once per touch interval.
   * @throws SessionEndedError, SessionStoreUnavailableError
   */
  async touch(): Promise<void> {
    this.demandOpen();
    await this.engine.touch(this.known);
  }

  /** @internal Asks Redis whether the session lives. @throws SessionStoreUnavailableError */
  async look(): Promise<void> {
    this.looking ??= this.ask().finally(() => (this.looking = undefined));
    return this.looking;
  }

  /** @internal The same with an answer that was not under way before. @throws SessionStoreUnavailableError */
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

  /** @internal There is news: asks in the background. */
  check(): void {
    this.isStale = true;
    this.lookAgain().catch(() => undefined);
  }

  /** @internal News may have been missed. */
  mistrust(): void {
    this.isStale = true;
  }

  /** @internal Ends it when its time is over, or when nobody has been able to say for too long whether it lives. */
  settle(nowMs: number, outageGraceMs: number): void {
    if (!this.state) return;
    if (this.state.header.absoluteExpiryMs <= this.engine.redis.clock.now()) return this.end(ENDED);
    const unknownSinceMs = this.unknownSinceMs ?? this.seenMs + RECHECK_MS;
    if (nowMs - unknownSinceMs > outageGraceMs) this.end(UNKNOWN);
  }

  /** @internal Whether Redis has to be asked. */
  isDue(nowMs: number): boolean {
    if (this.ending || !this.state) return false;
    return (
      this.isStale ||
      this.unknownSinceMs !== undefined ||
      nowMs - this.seenMs >= RECHECK_MS ||
      this.engine.expiresMs(this.state) <= this.engine.redis.clock.now()
    );
  }

  private async ask(): Promise<void> {
    if (this.ending) return;
    this.isStale = false;
    const askedMs = performance.now();
    try {
      const fresh = await this.engine.load(this.token, this.at);
      this.seenMs = performance.now();
      this.unknownSinceMs = undefined;
      if (!fresh?.principal || !fresh.meta) return this.end(ENDED);
      // A change of this connection's own may have been stored since that was read.
      if (this.state && fresh.header.revision < this.state.header.revision)
        this.state.principal = fresh.principal;
      else this.state = fresh;
    } catch (error) {
      this.unknownSinceMs ??= askedMs;
      throw error;
    }
  }

  private end(ending: SocketEnding): void {
    if (this.ending) return;
    this.ending = ending;
    const listeners = this.listeners.splice(0);
    this.leave(this);
    for (const listener of listeners) listener(ending);
  }

  private data(): JsonData {
    const data = structuredClone(this.known.seen.data);
    for (const key of ['cookie', ...this.engine.options.protectedKeys]) delete data[key];
    return data;
  }

  private get known(): SessionState {
    if (!this.state) throw new SessionEndedError();
    return this.state;
  }

  private get meta(): NonNullable<SessionState['meta']> {
    return this.known.meta as NonNullable<SessionState['meta']>;
  }

  private demandOpen(): void {
    if (this.ending === UNKNOWN) throw new SessionStoreUnavailableError();
    if (this.ending) throw new SessionEndedError();
  }
}
