import type { ServerResponse } from 'node:http';

// As soon as that: the page is about to show what is not true any more.
const RETRY_MS = 1_000;
// What a client may leave unread for long beside what its connection buffers; an event has some hundred bytes.
const WAITING_BYTES = 65_536;
// What comes in one turn counts as unread until it is over, whoever reads: room for a burst of thousands of events.
const MOST_UNREAD_BYTES = 4_194_304;
// A bad connection has this long to take what was sent.
const PATIENCE_MS = 15_000;

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
 * An answer that goes on: server-sent events. Who does not read is cut off; he comes back, and asks for everything then.
 * @see https://html.spec.whatwg.org/multipage/server-sent-events.html
 */
export class EventStream {
  private sentMs = 0;
  private isOver = false;
  /** Since when too much has been waiting. */
  private behindMs: number | undefined;
  private readonly waiting: (() => void)[] = [];

  /** Sends the headers; from now on there is no problem to answer with. */
  constructor(private readonly res: ServerResponse) {
    for (const [name, value] of Object.entries(HEADERS)) res.setHeader(name, value);
    (res as { [STREAM]?: true })[STREAM] = true;
    res.statusCode = 200;
    res.on('drain', () => this.goOn());
    res.once('close', () => {
      this.isOver = true;
      this.goOn();
    });
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

  /** Resolves when the client has taken most of what was sent, or nobody is to be told anything any more. */
  async room(): Promise<void> {
    while (!this.isOver && this.isBehind) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** To be called every second or so. Shows that the connection lives, unless something was sent lately. */
  beat(nowMs: number, everyMs: number): void {
    if (!this.isBehind) this.goOn();
    else if (nowMs - (this.behindMs ??= nowMs) >= PATIENCE_MS) return this.cut();
    if (nowMs - this.sentMs >= everyMs) this.write(':\n\n');
  }

  /** Ends it. @param retryMs when to come back, instead of soon */
  end(retryMs?: number): void {
    if (this.isOver) return;
    if (retryMs !== undefined) this.write(`retry: ${Math.round(retryMs)}\n\n`);
    this.isOver = true;
    this.goOn();
    this.res.end();
  }

  private get isBehind(): boolean {
    return this.res.writableLength > WAITING_BYTES;
  }

  private write(text: string): void {
    if (this.isOver) return;
    this.sentMs = performance.now();
    this.res.write(text);
    // A host may compress its answers; what does so keeps text back until it is told.
    (this.res as { flush?: () => void }).flush?.();
    if (this.res.writableLength > MOST_UNREAD_BYTES) this.cut();
  }

  private goOn(): void {
    this.behindMs = undefined;
    for (const resolve of this.waiting.splice(0)) resolve();
  }

  private cut(): void {
    this.isOver = true;
    this.res.destroy();
  }
}
