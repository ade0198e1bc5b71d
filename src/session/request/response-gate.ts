import type { ServerResponse } from 'node:http';

type Operation = 'writeHead' | 'write' | 'end' | 'flushHeaders';
type Method = (...args: unknown[]) => unknown;

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
  const original = {
    writeHead: res.writeHead.bind(res) as Method,
    write: res.write.bind(res) as Method,
    end: res.end.bind(res) as Method,
    flushHeaders: res.flushHeaders.bind(res),
  };
  let queue: [Operation, unknown[]][] | undefined;
  let state: 'open' | 'refusing' | 'refused' = 'open';
  let started = false;

  const release = () => {
    const kept = queue ?? [];
    queue = undefined;
    let flowing = true;
    let wrote = false;
    for (const [operation, args] of kept) {
      const result = original[operation](...args);
      if (operation === 'write') {
        wrote = true;
        flowing = result === true;
      }
    }
    // The writer was told to wait when its chunks were kept.
    if (wrote && flowing && !res.writableEnded) res.emit('drain');
  };

  const refuse = (error: unknown) => {
    queue = undefined;
    if (res.headersSent) {
      res.destroy();
    } else {
      state = 'refusing';
      gate.refuse(error);
      // Who trips over ending an answer once may take it for ended from then on: better cut than left open for ever.
      if (!res.writableEnded) res.destroy();
    }
    state = 'refused';
  };

  const hold = (gateClosed: Promise<void>) => {
    queue = [];
    // What was kept can fail as well, where a host has put something into its session that express-session trips over.
    gateClosed.then(release).catch(refuse);
  };

  const begin = (last: boolean): Promise<void> | undefined => {
    try {
      return gate.beforeSend(last);
    } catch (error) {
      // Thrown out of here, the error's own answer would pass the gate and meet the same error, for ever.
      return Promise.reject(error instanceof Error ? error : new Error(String(error)));
    }
  };

  const pass = (operation: Operation, args: unknown[]): unknown => {
    if (state === 'refusing') return original[operation](...args);
    // Whoever streams on after a refusal writes to nobody.
    if (state === 'refused') return operation === 'write' ? true : res;
    if (!queue && (!started || operation === 'end')) {
      started = true;
      const pending = begin(operation === 'end');
      if (pending) hold(pending);
    }
    if (!queue) return original[operation](...args);
    queue.push([operation, args]);
    return operation === 'write' ? false : res;
  };

  res.writeHead = ((...args: unknown[]) => pass('writeHead', args)) as typeof res.writeHead;
  res.write = ((...args: unknown[]) => pass('write', args)) as typeof res.write;
  res.end = ((...args: unknown[]) => pass('end', args)) as typeof res.end;
  res.flushHeaders = () => void pass('flushHeaders', []);
}
