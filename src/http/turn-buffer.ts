import type { DestinationStream } from 'pino';

/**
 * Hands on in one piece what is logged in one turn of the event loop: each piece costs a write of its own, which is more
 * than all else about a line. What is left at the end of the process is handed on then.
 */
export class TurnBuffer implements DestinationStream {
  private lines = '';

  constructor(private readonly destination: DestinationStream) {
    process.once('exit', this.flush);
  }

  write(line: string): void {
    if (this.lines === '') setImmediate(this.flush);
    this.lines += line;
  }

  private readonly flush = (): void => {
    const { lines } = this;
    this.lines = '';
    if (lines !== '') this.destination.write(lines);
  };
}
