import { SessionEndedError, SessionStoreUnavailableError } from '../session.errors.js';
import { viewOf } from '../session-view.js';
import type { RequestSession, SessionPrincipal, SessionView, Transport } from '../session.types.js';
import type { JsonData } from '../store/session-codec.js';
import type { SessionEngine } from '../store/session-engine.js';
import type { SessionState } from '../store/session-state.js';
import { type SocketEnding, UNKNOWN } from './socket-ending.js';
import type { Connection, WatchedSession } from './watched-session.js';

// How far the clock here may be behind the one by which Redis lets keys expire.
const OVERDUE_SLACK_MS = 50;

/**
 * The session of an open connection, from its upgrade to its end. What it says of the user follows what is changed
 * elsewhere; when the session ends, whoever listens is told within a second, once.
 *
 * Being open is not use: the idle timeout runs on. What the user does over the connection counts when the application
 * says so, with `touch` or by changing something.
 */
export class SocketSession implements Omit<RequestSession, 'view'>, Connection {
  private ending: SocketEnding | undefined;
  private isOpen = false;
  private readonly listeners: ((ending: SocketEnding) => void)[] = [];
  private onSeen: Connection['sessionSeen'];

  /** @internal Sockets are opened by SessionSockets. */
  constructor(
    private readonly engine: SessionEngine,
    private readonly watched: WatchedSession,
  ) {
    watched.connections.add(this);
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
    return this.engine.ring.handle(this.watched.at.digest);
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
    this.onSeen = undefined;
    this.watched.leave(this);
    this.count('other');
  }

  /**
   * What the session holds now; a copy. One command. For what must not happen after a revocation, ask first.
   * @throws SessionEndedError, SessionStoreUnavailableError
   */
  async read(): Promise<JsonData> {
    this.demandOpen();
    await this.watched.lookAgain();
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
    await this.watched.update(change);
    return this.data();
  }

  /**
   * Says that the user is active: the idle timeout begins anew. A command at most once per touch interval.
   * @throws SessionEndedError when there was no session to be touched any more; SessionStoreUnavailableError
   */
  async touch(): Promise<void> {
    this.demandOpen();
    await this.watched.touch();
  }

  /** @internal What the channel calls it. */
  get digest(): string {
    return this.watched.at.digest;
  }

  /** @internal Whether its time is over, as far as is known. */
  get isOverdue(): boolean {
    return this.engine.expiresMs(this.known) <= this.engine.redis.clock.now() + OVERDUE_SLACK_MS;
  }

  /** @internal See `Connection`. */
  onLook(listener: NonNullable<Connection['sessionSeen']>): void {
    this.onSeen = listener;
  }

  /** @internal Called for each of its connections when a session was looked at. */
  sessionSeen(askedMs: number | undefined): void {
    this.onSeen?.(askedMs);
  }

  /** @internal Called for each of its connections when a session ends. */
  sessionEnded(ending: SocketEnding): void {
    this.ending = ending;
    this.count(ending.code);
    for (const listener of this.listeners.splice(0)) listener(ending);
  }

  /** @internal Its credential was accepted: from now on it counts. */
  open(): void {
    this.isOpen = true;
  }

  private count(code: SocketEnding['code'] | 'other'): void {
    if (this.isOpen) this.engine.options.observer?.onSessionEvent({ type: 'connection-closed', code });
    this.isOpen = false;
  }

  private data(): JsonData {
    const data = structuredClone(this.known.seen.data);
    for (const key of ['cookie', ...this.engine.options.protectedKeys]) delete data[key];
    return data;
  }

  private get known(): SessionState {
    return this.watched.known;
  }

  private get meta(): NonNullable<SessionState['meta']> {
    return this.known.meta as NonNullable<SessionState['meta']>;
  }

  private demandOpen(): void {
    if (this.ending === UNKNOWN) throw new SessionStoreUnavailableError();
    if (this.ending) throw new SessionEndedError();
  }
}
