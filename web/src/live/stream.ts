import { reconnectDelayMs } from './backoff.js';
import type { Prospect } from './probe.js';

/** What a stream has said: the event's name and its parsed data. */
export interface LiveMessage {
  name: string;
  data: unknown;
}

export interface StreamOptions {
  url: string;
  /** The events to listen to. */
  names: readonly string[];
  /** Told what is said; a `ready` that is not the first is called `resumed`, as everybody's streams say it at once. */
  onMessage(message: LiveMessage): void;
  /**
   * Asked when the stream has closed: may it be opened again? `out` and `barred` give it up, and what follows from that is
   * dealt with; `away` comes again.
   */
  probe(): Promise<Prospect>;
  /** Waits for the answer of whatever gives the session a new id in this tab. */
  settled(): Promise<void>;
}

// The session has moved to a new id whose cookie may be on its way to this browser still, with another tab's answer.
const MOVED_GRACE_MS = 1_500;
const MOVED_RETRY_MS = 100;

/**
 * Listens to a stream of server-sent events until told to stop, however often the connection ends. Reconnects by itself,
 * not as EventSource does: that comes back after a fixed time, like everybody else's.
 *
 * @returns a function that closes it for good
 */
export function listen(options: StreamOptions): () => void {
  let source: EventSource | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let movedUntil = 0;
  let isMoved = false;
  let wasReady = false;
  let closed = false;

  function open(): void {
    source = new EventSource(options.url);
    for (const name of options.names) source.addEventListener(name, received);
    source.onerror = () => {
      source?.close();
      void reopen();
    };
  }

  function received(event: MessageEvent<string>): void {
    if (closed) return;
    const message = { name: event.type, data: parse(event.data) };
    if (message.name === 'ready') return connected(message);
    if (message.name !== 'ended') return options.onMessage(message);
    source?.close();
    if (reasonOf(message) !== 'moved') return options.onMessage(message);
    isMoved = true;
    void options.settled().then(() => {
      movedUntil = Date.now() + MOVED_GRACE_MS;
      if (!closed) open();
    });
  }

  function connected(ready: LiveMessage): void {
    attempt = 0;
    // By a login in this browser, too, which may be somebody else's.
    if (isMoved) options.onMessage({ name: 'who', data: {} });
    options.onMessage(wasReady && !isMoved ? { ...ready, name: 'resumed' } : ready);
    wasReady = true;
    isMoved = false;
  }

  async function reopen(): Promise<void> {
    if (Date.now() < movedUntil) return later(MOVED_RETRY_MS);
    const answer = await options.probe();
    if (!closed && (answer === 'in' || answer === 'away')) later(reconnectDelayMs(attempt++, Math.random()));
  }

  function later(delayMs: number): void {
    timer = setTimeout(open, delayMs);
  }

  open();
  return () => {
    closed = true;
    clearTimeout(timer);
    source?.close();
  };
}

/** The `reason` of an event `ended`. */
export function reasonOf({ data }: LiveMessage): unknown {
  return typeof data === 'object' && data !== null && 'reason' in data ? data.reason : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
