import type { ServerResponse } from 'node:http';

// As soon as that: the page is about to show what is not true any more.
const RETRY_MS = 1_000;
// What a client may leave unread beside what its connection buffers; an event has some hundred bytes.
const MOST_UNREAD_BYTES = 65_536;

const HEADERS = {
  'Content-Type': 'text/event-stream',
  'Cache-Control': 'no-store',
  // nginx would collect some kilobytes first.
  'X-Accel-Buffering': 'no',
};

const STREAM = Symbol('latchkey.event-stream');

/** Whether an answer is one that goes on. */
export function isEventStream(res: object): boolean {
  return (res as { [STREAM]?: true })[STREAM] === true;
}

/**
 * An answer that goes on: server-sent events.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream {
  private sentMs = 0;
  private isOver = false;

  /** Sends the headers; from now on there is no problem to answer with. */
  constructor(private readonly res: ServerResponse) {
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    (res as { [STREAM]?: true })[STREAM] = true;
    res.statusCode = 200;
    res.once('close', () => (this.isOver = true));
    this.write(`retry: ${RETRY_MS}\n\n`);
  }

  /** Answers HEAD: with the headers alone. */
  static announce(res: ServerResponse): void {
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    res.end();
  }

  /** @param id what a client that comes back names as the last that it has seen */
  send(event: string, data: object, id?: string): void {
    this.write(`event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`);
  }

  /** Shows that the connection lives, unless something was sent lately. */
  beat(nowMs: number, everyMs: number): void {
    if (nowMs - this.sentMs >= everyMs) this.write(':\n\n');
  }

  /** Ends it. @param retryMs when to come back, instead of soon */
  end(retryMs?: number): void {
    if (this.isOver) return;
    if (retryMs !== undefined) this.write(`retry: ${Math.round(retryMs)}\n\n`);
    this.isOver = true;
    this.res.end();
  }

  private write(text: string): void {
    if (this.isOver) return;
    this.sentMs = performance.now();
    this.res.write(text);
    // A host may compress its answers; what does so keeps text back until it is told.
    (this.res as { flush?: () => void }).flush?.();
    if (this.res.writableLength <= MOST_UNREAD_BYTES) return;
    // Who does not read is not told anything; he comes back, and asks for everything then.
    this.isOver = true;
    this.res.destroy();
  }
}
