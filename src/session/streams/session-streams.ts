import type { IncomingMessage, ServerResponse } from 'node:http';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { ProblemException } from '../../problem/index.js';
import { requestSession } from '../request/request-session.js';
import { SessionSockets } from '../sockets/session-sockets.js';
import { EventStream } from './event-stream.js';
import { SessionStream, type StreamSubject } from './session-stream.js';

// More than the tabs that a person looks at; a page that opens one after the other must not take the process with it.
const MOST_PER_SESSION = 8;
// Each costs a connection and some kilobytes.
const MOST_PER_NODE = 10_000;
const RETRY_AFTER_SECONDS = 5;
const BEAT_EVERY_MS = 14_000;
const BEAT_TICK_MS = 1_000;
// At a shutdown: spread, so that the next node is not met by all of them in one instant.
const SPREAD_MS = [250, 3_000] as const;

/**
 * Streams of events, each bound to the live session of its request. Nothing of this runs before the first is opened.
 */
@Injectable()
export class SessionStreams implements BeforeApplicationShutdown {
  private readonly ofSessions = new Map<string, Set<SessionStream>>();
  private readonly opening = new Map<string, number>();
  /** How many are being opened, of all sessions together. */
  private openings = 0;
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private isClosing = false;

  constructor(private readonly sockets: SessionSockets) {}

  /** How many are open. */
  get size(): number {
    return this.count;
  }

  /**
   * Answers a request that has passed SessionMiddleware with a stream; opening it is no use of the session. What is
   * thrown is thrown before anything is sent.
   *
   * @returns undefined when there is nothing to send: for HEAD, and when the client has gone
   * @throws ProblemException `UNAUTHENTICATED`, `FORBIDDEN`, `TOO_MANY_CONNECTIONS`, `OVERLOADED`
   * @throws SessionStoreUnavailableError
   */
  async open(
    req: IncomingMessage,
    res: ServerResponse,
    subject: StreamSubject,
  ): Promise<SessionStream | undefined> {
    const current = requestSession(req);
    if (!current) throw new ProblemException('UNAUTHENTICATED');
    if (req.method === 'HEAD') {
      EventStream.announce(res);
      return undefined;
    }
    const { sessionId } = current;
    const leaveRoom = this.takeRoom(sessionId);
    try {
      const session = await this.sockets.follow(req);
      if (res.destroyed) {
        session.release();
        return undefined;
      }
      // What the guard has let pass may have changed since.
      if (subject.isAllowed?.(session) === false) {
        session.release();
        throw new ProblemException('FORBIDDEN');
      }
      const stream = new SessionStream(session, new EventStream(res), this.sockets, subject);
      this.keep(sessionId, stream, res);
      if (this.isClosing) stream.end(comeBackIn());
      return stream;
    } finally {
      leaveRoom();
    }
  }

  /** Ends all of them, and from now on whichever is opened: the process is about to end. */
  close(): void {
    this.isClosing = true;
    clearInterval(this.timer);
    for (const stream of this.all()) stream.end(comeBackIn());
  }

  /** @internal Called by Nest, before the HTTP server waits for its connections to close. */
  beforeApplicationShutdown(): void {
    this.close();
  }

  /** Counts one that is being opened, too: several may be at the same time. */
  private takeRoom(sessionId: string): () => void {
    const opening = this.opening.get(sessionId) ?? 0;
    const retryAfterSeconds = RETRY_AFTER_SECONDS;
    if ((this.ofSessions.get(sessionId)?.size ?? 0) + opening >= MOST_PER_SESSION)
      throw new ProblemException('TOO_MANY_CONNECTIONS', { retryAfterSeconds });
    if (this.count + this.openings >= MOST_PER_NODE)
      throw new ProblemException('OVERLOADED', { retryAfterSeconds });
    this.opening.set(sessionId, opening + 1);
    this.openings += 1;
    return () => {
      this.openings -= 1;
      const left = (this.opening.get(sessionId) ?? 1) - 1;
      if (left > 0) this.opening.set(sessionId, left);
      else this.opening.delete(sessionId);
    };
  }

  private keep(sessionId: string, stream: SessionStream, res: ServerResponse): void {
    const ofSession = this.ofSessions.get(sessionId) ?? new Set();
    this.ofSessions.set(sessionId, ofSession.add(stream));
    this.count += 1;
    stream.onDispose(() => {
      this.count -= 1;
      ofSession.delete(stream);
      if (ofSession.size === 0) this.ofSessions.delete(sessionId);
      if (this.count > 0) return;
      clearInterval(this.timer);
      this.timer = undefined;
    });
    res.once('close', () => stream.dispose());
    this.timer ??= setInterval(() => this.beat(), BEAT_TICK_MS).unref();
  }

  private beat(): void {
    const nowMs = performance.now();
    for (const stream of this.all()) stream.beat(nowMs, BEAT_EVERY_MS);
  }

  private all(): SessionStream[] {
    return [...this.ofSessions.values()].flatMap((ofSession) => [...ofSession]);
  }
}

function comeBackIn(): number {
  const [least, most] = SPREAD_MS;
  return least + Math.random() * (most - least);
}
