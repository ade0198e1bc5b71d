import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate } from 'node:timers';

import { ProblemException } from '../problem/index.js';
import { discardRest, hasBody } from './body.js';
import { frontEnds, type FrontEnds } from './cors.js';
import { requestIdOf } from './request-id.js';

// A turn of the event loop that has begun more requests than this, and has taken longer than that: what it has begun
// waits for the next turn to go on, so beyond this point every request more makes all of them later, until they wait
// longer than a command of Redis may take (500 ms) and fail one and all.
const TURN_REQUESTS = 64;
const TURN_MS = 50;
// What one connection may begin in a turn. Node begins all requests that it has read from one, and without a limit whoever
// sends many without waiting for answers would have the turn for himself. Browsers and proxies wait.
const SOCKET_REQUESTS = 8;
const REPORT_EVERY_MS = 10_000;

// Who asks these decides whether this process lives, or has to explain what is going on.
const ALWAYS_ANSWERED = /^\/(?:health\/live|health\/ready|metrics)(?:\?|$)/;

const BEGUN = Symbol('latchkey.begun');

/** A connection, with how many of its requests were begun in the turn in which that was last counted. */
type Connection = Socket & { [BEGUN]?: { turn: number; count: number } };

export interface LoadSheddingOptions {
  /** What every answer carries. */
  headers?: Readonly<Record<string, string>>;
  /** Front ends that may read the refusal, see `allowFrontEnds`. */
  allowedOrigins?: readonly string[];
  /** Sees every request that is turned away, for metrics. */
  observe?: (req: IncomingMessage, res: ServerResponse) => void;
  /** Is told from time to time how many requests were turned away since it was told last. */
  report?: (count: number) => void;
}

/**
 * Answers 503 `OVERLOADED` with Retry-After to what this process cannot get done in time, so that the rest is answered in
 * time: more load than it can bear costs it little, instead of everybody's answers. A turn of the event loop begins
 * requests until it has begun 64 and taken 50 ms; how much that is follows from how fast the machine is at the moment,
 * and no request that waits for something else, such as a login for its hash, counts. Health, metrics and the preflights
 * of front ends, whose pages would not see the refusal of one, are answered all the same. Of one connection no turn begins
 * more than 8 requests, whatever they are for.
 *
 * Call it when the server has its one handler. It goes before that, since passing through the framework costs as much as
 * many an answer.
 */
export function shedLoad(
  server: Server,
  { headers = {}, allowedOrigins = [], observe, report }: LoadSheddingOptions = {},
): void {
  const handle = server.listeners('request').at(-1) as RequestListener | undefined;
  if (!handle) throw new Error('shedLoad() needs a server that has its handler.');
  const origins = frontEnds(allowedOrigins);
  const begins = turnWatch((req) => ALWAYS_ANSWERED.test(req.url ?? '') || origins.isPreflight(req));
  const refuse = refusal(headers, origins);
  const note = report && reporter(report);
  server.off('request', handle);
  server.on('request', (req, res) => {
    if (begins(req)) {
      handle.call(server, req, res);
      return;
    }
    observe?.(req, res);
    note?.();
    refuse(req, res);
  });
}

/**
 * Says for each request whether this turn of the event loop still begins it. Costs an idle process nothing.
 *
 * @param always whether a request is begun however full the turn is
 */
function turnWatch(always: (req: IncomingMessage) => boolean): (req: IncomingMessage) => boolean {
  let turn = 0;
  let begun = 0;
  let sinceMs = 0;
  const endTurn = () => {
    turn += 1;
    begun = 0;
  };
  return (req) => {
    if (begun === 0) {
      sinceMs = performance.now();
      // Runs when every socket that has something to read now has been read.
      setImmediate(endTurn);
    }
    const { socket }: { socket: Connection } = req;
    const ofSocket = (socket[BEGUN] ??= { turn, count: 0 });
    if (ofSocket.turn !== turn) Object.assign(ofSocket, { turn, count: 0 });
    if (ofSocket.count >= SOCKET_REQUESTS) return false;
    if (begun >= TURN_REQUESTS && performance.now() - sinceMs > TURN_MS && !always(req)) return false;
    begun += 1;
    ofSocket.count += 1;
    return true;
  };
}

/** The answer, made beforehand but for the id: what it costs is taken from the requests that are answered. */
function refusal(
  headers: Readonly<Record<string, string>>,
  origins: FrontEnds,
): (req: IncomingMessage, res: ServerResponse) => void {
  const problem = new ProblemException('OVERLOADED', { retryAfterSeconds: 1 });
  const { body } = problem;
  const fixed = Object.entries({
    ...headers,
    ...problem.headers,
    'Cache-Control': 'no-store',
    'Content-Type': 'application/problem+json',
  }).flat();
  const [before = '', after = ''] = JSON.stringify({ ...body, requestId: '#' }).split('#');
  const bytes = Buffer.byteLength(before + after);
  return (req, res) => {
    const id = requestIdOf(req);
    const closes = hasBody(req);
    res.writeHead(body.status, [
      ...fixed,
      ...origins.headersFor(req),
      ...(closes ? ['Connection', 'close'] : []),
      'X-Request-Id',
      id,
      'Content-Length',
      String(bytes + id.length),
    ]);
    // Whoever asked first whether to send his body has not sent it.
    if (!closes || req.headers.expect !== undefined) {
      res.end(before + id + after);
      return;
    }
    // node:http hangs up at the end of this answer, and who is still sending then may not get to see it.
    res.write(before + id + after);
    req.once('end', () => res.end());
    discardRest(req);
  };
}

function reporter(report: (count: number) => void): () => void {
  let count = 0;
  return () => {
    count += 1;
    if (count > 1) return;
    setTimeout(() => {
      report(count);
      count = 0;
    }, REPORT_EVERY_MS).unref();
  };
}
