import { setImmediate } from 'node:timers';
import type { DestinationStream } from 'pino';

/** Where a {@link TurnBuffer} hands on what it has collected. */
export interface Sink extends DestinationStream {
  /** Returns when all that was handed on has been written. */
  flushSync?: () => void;
}

/**
 * Hands on in one piece what is logged in one turn of the event loop: each piece costs a write of its own, which is more
 * than all else about a line. At the end of the process nothing is kept back any more.
 */
export class TurnBuffer implements DestinationStream {
  private lines = '';
  private ending = false;

  constructor(private readonly sink: Sink) {
    // Before others that listen: what they log is written at once.
    process.prependOnceListener('exit', () => {
      this.ending = true;
      this.flushSync();
    });
  }

  write(line: string): void {
    if (this.ending) {
      this.sink.write(line);
      this.sink.flushSync?.();
      return;
    }
    if (this.lines === '') setImmediate(this.handOn);
    this.lines += line;
  }

  /** Returns when all that was logged has been written; pino calls it after a fatal line. */
  flushSync(): void {
    this.handOn();
    this.sink.flushSync?.();
  }

  private readonly handOn = (): void => {
    const { lines } = this;
    this.lines = '';
    if (lines !== '') this.sink.write(lines);
  };
}
