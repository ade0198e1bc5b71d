import { Injectable } from '@nestjs/common';
import type { Server, ServerResponse } from 'node:http';
import { Server as NetServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { AnswersUnderWay } from './answers-under-way.js';

export interface DrainOptions {
  /** How long new connections are still taken, so that balancers can learn that they should send none, ms. @default 0 */
  delayMs?: number;
  /** How long a kept-alive connection may still bring a request before it is closed as idle, ms. */
  idleGraceMs: number;
  /** After which the connections that are left are cut, ms. */
  deadlineMs: number;
}

/** Ends an HTTP server without cutting a request: it keeps count of the answers that are under way. */
@Injectable()
export class HttpDrain {
  private state: 'serving' | 'draining' | 'closing' = 'serving';

  private readonly listeners: (() => void)[] = [];
  private server: Server | undefined;
  private answers: AnswersUnderWay | undefined;

  /** Begins to count. Call it once, before the server listens. */
  watch(server: Server): void {
    this.server = server;
    this.answers = AnswersUnderWay.at(server);
    this.answers.onEnd = () => {
      // An answer that had begun before the drain could not announce that it is the last of its connection.
      if (this.state === 'closing') setImmediate(() => server.closeIdleConnections());
    };
    server.prependListener('request', (_req, res: ServerResponse) => {
      if (this.draining) announceClose(res);
    });
  }

  /** True from the moment the server was told to end; a readiness check says no then. */
  get draining(): boolean {
    return this.state !== 'serving';
  }

  /** Calls back when no new connection is taken any more: answers that go on for ever are to end then. */
  onLastCall(listener: () => void): void {
    this.listeners.push(listener);
  }

  /**
   * Answers with `Connection: close` from now on, takes no new connection once the delay is over, answers what is under
   * way and what still arrives on open connections, then closes the idle ones. Resolves when every connection is closed.
   */
  async drain({ delayMs = 0, idleGraceMs, deadlineMs }: DrainOptions): Promise<void> {
    this.state = 'draining';
    const { server } = this;
    if (server?.listening !== true) return;
    for (const res of this.answers?.all() ?? []) announceClose(res);
    if (delayMs > 0) await delay(delayMs);
    const closed = stopListening(server);
    for (const listener of this.listeners) listener();
    const deadline = setTimeout(() => server.closeAllConnections(), deadlineMs);
    // An idle connection may have a request on its way: closing it at once would cut that one.
    await Promise.race([closed, delay(idleGraceMs, undefined, { ref: false })]);
    this.state = 'closing';
    server.closeIdleConnections();
    await closed;
    clearTimeout(deadline);
  }
}

/** `close` of net.Server: that of http.Server also closes idle connections, at once. */
function stopListening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    NetServer.prototype.close.call(server, () => resolve());
  });
}

function announceClose(res: ServerResponse): void {
  if (!res.headersSent) res.setHeader('Connection', 'close');
}
