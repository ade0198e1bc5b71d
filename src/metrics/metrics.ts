import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';

import { routeOf } from '../http/index.js';
import { isEventStream } from '../session/index.js';
import { HashMetrics } from './hash-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import { SecurityMetrics } from './security-metrics.js';
import { SessionMetrics } from './session-metrics.js';

// A client that went away saw no status; 499 is what proxies write for it.
const CLIENT_WENT_AWAY = 499;

/**
 * What the program counts, in a registry of its own; docs/metrics.md lists it. Labels take their values from short lists
 * in the code, never from a request: method, route pattern, status, and kinds of event.
 */
export class Metrics {
  readonly registry = new Registry();
  readonly sessions = new SessionMetrics(this.registry);
  readonly security = new SecurityMetrics(this.registry);
  readonly hashing = new HashMetrics(this.registry);
  private readonly requests = new RequestMetrics(this.registry);

  private readonly shed = new Counter({
    name: 'latchkey_requests_shed_total',
    help: 'Requests that were refused with 503 OVERLOADED, before anything was looked at.',
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Counts a request that was refused because there are too many. */
  readonly countShed = (): void => this.shed.inc();

  /** Middleware that times every request; to be mounted first. */
  readonly observeRequest: RequestHandler = (req, res, next) => {
    const startMs = performance.now();
    res.on('close', () => {
      // How long one was open says nothing of how long anybody waited.
      if (isEventStream(res)) return;
      const status = res.writableFinished ? res.statusCode : CLIENT_WENT_AWAY;
      this.requests.observe(req.method, routeOf(req), status, (performance.now() - startMs) / 1_000);
    });
    next();
  };
}
