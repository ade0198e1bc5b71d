import type { EndCause, SessionPrincipal } from '../session.types.js';
import type { SessionNews } from '../sockets/session-news.js';
import type { SocketSession } from '../sockets/socket-session.js';
import type { NewsListener } from '../sockets/socket-watch.js';
import { UNKNOWN, type SocketEnding } from '../sockets/socket-ending.js';
import type { EventStream } from './event-stream.js';

// The word for an end is on its way while the end itself is read: they come over two connections.
const CAUSE_PATIENCE_MS = 250;
// Logins and revocations come in bursts; the answer to one question serves them all.
const TOGETHER_MS = 50;
// While Redis is away; with more than that the client comes back and asks for it.
const MOST_HELD = 1_000;

/** What a stream tells beside what becomes of its own session. */
export interface StreamSubject {
  /** Whose sessions it announces changes of, if anybody's. */
  userId: string | undefined;
  /** What it says of such a change. */
  data: object;
  /** Whether it announces changes of its own user. */
  principal: boolean;
  /** Whether the session may have it: asked before it begins, and whenever Redis was asked about the session. */
  isAllowed?: (session: SocketSession) => boolean;
}

/** Where a stream hears from. */
export interface StreamSource {
  listen(userId: string, listener: NewsListener): () => void;
}

/**
 * One client's stream of events: what becomes of its session, and of somebody's list of sessions.
 *
 * A word on the channel is only ever a hint. That a session has ended, or its user has changed, is what Redis says.
 */
export class SessionStream {
  private readonly cleanups: (() => void)[] = [];
  private isDisposed = false;
  private causes: { cause: EndCause; isOwn: boolean; heardMs: number }[] = [];
  private onCause: (() => void) | undefined;
  private isUnavailable = false;
  private held: Parameters<EventStream['send']>[] = [];
  private announcing: NodeJS.Timeout | undefined;
  private principal: string;

  constructor(
    readonly session: SocketSession,
    private readonly stream: EventStream,
    source: StreamSource,
    private readonly subject: StreamSubject,
  ) {
    this.principal = shown(session.principal);
    const onUp = () => {
      if (!this.isUnavailable) this.stream.send('ready', {});
    };
    const { userId } = subject;
    this.cleanups.push(source.listen(session.userId, { onNews: (news) => this.noteCause(news), onUp }), () =>
      session.release(),
    );
    if (userId !== undefined) {
      const onNews = ({ what }: SessionNews) => {
        if (what !== 'principal') this.announce();
      };
      this.cleanups.push(source.listen(userId, { onNews, onUp: () => undefined }));
    }
    this.stream.send('ready', {});
    session.onLook((askedMs) => this.hasLooked(askedMs));
    session.onEnd((ending) => void this.finish(ending));
  }

  /**
   * Sends what only a session that lives may know; while nobody can say whether it does, it is held back.
   * @see EventStream.send
   */
  send(event: string, data: object, id?: string): void {
    if (!this.isUnavailable) this.stream.send(event, data, id);
    else if (this.held.length < MOST_HELD) this.held.push([event, data, id]);
    else this.end();
  }

  /** @see EventStream.room */
  async room(): Promise<void> {
    await this.stream.room();
  }

  /** @see EventStream.beat */
  beat(nowMs: number, everyMs: number): void {
    this.stream.beat(nowMs, everyMs);
  }

  /** @see EventStream.end */
  end(retryMs?: number): void {
    this.dispose();
    this.stream.end(retryMs);
  }

  /** Calls back once when nobody is to be told anything any more. */
  onDispose(listener: () => void): void {
    if (this.isDisposed) listener();
    else this.cleanups.push(listener);
  }

  /** To be called when the connection is closed, for whatever reason. */
  dispose(): void {
    this.isDisposed = true;
    this.held = [];
    clearTimeout(this.announcing);
    this.onCause?.();
    for (const cleanup of this.cleanups.splice(0)) cleanup();
  }

  private announce(): void {
    this.announcing ??= setTimeout(() => {
      this.announcing = undefined;
      // `ready` says it when Redis is back.
      if (!this.session.hasEnded && !this.isUnavailable) this.stream.send('sessions', this.subject.data);
    }, TOGETHER_MS).unref();
  }

  private noteCause({ what, digests }: SessionNews): void {
    if (what === 'created' || what === 'principal' || what === 'shortened') return;
    const isOwn = digests.includes(this.session.digest);
    if (!isOwn && digests.length > 0) return;
    this.causes.push({ cause: what, isOwn, heardMs: performance.now() });
    this.onCause?.();
  }

  /** @param askedMs when Redis was asked whether the session lives, which it does; undefined: it did not say */
  private hasLooked(askedMs: number | undefined): void {
    if (askedMs === undefined) {
      if (!this.isUnavailable) this.stream.send('unavailable', { code: 'SESSION_STORE_UNAVAILABLE' });
      this.isUnavailable = true;
      return;
    }
    // What was said of all sessions before has not ended this one.
    this.causes = this.causes.filter(({ heardMs }) => heardMs >= askedMs);
    if (this.subject.isAllowed?.(this.session) === false) return this.end();
    if (this.isUnavailable) this.goOn();
    const principal = shown(this.session.principal);
    if (principal === this.principal) return;
    this.principal = principal;
    if (this.subject.principal) this.stream.send('principal', {});
  }

  private goOn(): void {
    this.isUnavailable = false;
    this.stream.send('ready', {});
    for (const held of this.held.splice(0)) this.stream.send(...held);
  }

  private async finish(ending: SocketEnding): Promise<void> {
    if (ending !== UNKNOWN) {
      const reason = await this.cause();
      this.stream.send('ended', { code: 'SESSION_ENDED', reason });
    }
    this.end();
  }

  private async cause(): Promise<EndCause> {
    if (this.causes.length === 0 && this.session.isOverdue) return 'expired';
    if (this.causes.length === 0) {
      await new Promise<void>((resolve) => {
        this.onCause = resolve;
        setTimeout(resolve, CAUSE_PATIENCE_MS).unref();
      });
    }
    const { cause } = this.causes.find(({ isOwn }) => isOwn) ?? this.causes[0] ?? { cause: 'unknown' };
    return cause;
  }
}

function shown({ roles, email, displayName }: SessionPrincipal): string {
  return JSON.stringify([roles, email, displayName]);
}
