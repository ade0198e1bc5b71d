import type { ServerResponse } from 'node:http';

type Operation = 'writeHead' | 'write' | 'end' | 'flushHeaders';
type Method = (this: ServerResponse, ...args: unknown[]) => unknown;

/** What has to happen before an answer may leave. */
export interface ResponseGate {
  /**
   * Starts what must be finished first; undefined when there is nothing to do, and the answer leaves at once.
   * @param last whether the answer ends with what is to be sent now
   */
  beforeSend(last: boolean): Promise<void> | undefined;
  /** It failed and nothing has left: answer with the error instead, before returning. */
  refuse(error: unknown): void;
}

/**
 * Holds an answer back until its session is stored. express-session sends the status, the headers and nearly the whole
 * body before its save has succeeded, so a failed save is a 200 with a cookie for a session that does not exist.
 *
 * Works below res.json, redirects and streams alike: the first operation that would send something is kept, with all
 * that follow, until `beforeSend` resolves. When something has left already and a later change cannot be stored, the
 * connection is cut: a cut answer cannot be taken for a complete one.
 */
export function holdResponse(res: ServerResponse, gate: ResponseGate): void {
  const held = new HeldResponse(res, gate);
  res.writeHead = ((...args: unknown[]) => held.pass('writeHead', args)) as typeof res.writeHead;
  res.write = ((...args: unknown[]) => held.pass('write', args)) as typeof res.write;
  res.end = ((...args: unknown[]) => held.pass('end', args)) as typeof res.end;
  res.flushHeaders = () => void held.pass('flushHeaders', []);
}

class HeldResponse {
  private readonly original: Record<Operation, Method>;
  private queue: [Operation, unknown[]][] | undefined;
  private state: 'open' | 'refusing' | 'refused' = 'open';
  private started = false;

  constructor(
    private readonly res: ServerResponse,
    private readonly gate: ResponseGate,
  ) {
    const { writeHead, write, end, flushHeaders } = res as unknown as Record<Operation, Method>;
    this.original = { writeHead, write, end, flushHeaders };
  }

  pass(operation: Operation, args: unknown[]): unknown {
    if (this.state === 'refusing') return this.send(operation, args);
    // Whoever streams on after a refusal writes to nobody.
    if (this.state === 'refused') return operation === 'write' ? true : this.res;
    if (!this.queue && (!this.started || operation === 'end')) {
      this.started = true;
      const pending = this.begin(operation === 'end');
      if (pending) this.hold(pending);
    }
    if (!this.queue) return this.send(operation, args);
    this.queue.push([operation, args]);
    return operation === 'write' ? false : this.res;
  }

  private send(operation: Operation, args: unknown[]): unknown {
    return this.original[operation].apply(this.res, args);
  }

  private begin(last: boolean): Promise<void> | undefined {
    try {
      return this.gate.beforeSend(last);
    } catch (error) {
      // Thrown out of here, the error's own answer would pass the gate and meet the same error, for ever.
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }

  private hold(gateClosed: Promise<void>): void {
    this.queue = [];
    // What was kept can fail as well, where a host has put something into its session that express-session trips over.
    gateClosed.then(() => this.release()).catch((error: unknown) => this.refuse(error));
  }

  private release(): void {
    const kept = this.queue ?? [];
    this.queue = undefined;
    let flowing = true;
    let wrote = false;
    for (const [at, [operation, args]] of kept.entries()) {
      // The handler may have changed its session since what was kept first was to be sent.
      const last = operation === 'end' && at > 0;
      const result = last ? this.pass(operation, args) : this.send(operation, args);
      if (operation === 'write') {
        wrote = true;
        flowing = result === true;
      }
    }
    // The writer was told to wait when its chunks were kept.
    if (wrote && flowing && !this.res.writableEnded) this.res.emit('drain');
  }

  private refuse(error: unknown): void {
    this.queue = undefined;
    if (this.res.headersSent) {
      this.res.destroy();
    } else {
      this.state = 'refusing';
      this.gate.refuse(error);
      // Who trips over ending an answer once may take it for ended from then on: better cut than left open for ever.
      if (!this.res.writableEnded) this.res.destroy();
    }
    this.state = 'refused';
  }
}
