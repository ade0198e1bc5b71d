import type { RequestHandler } from 'express';
import { collectDefaultMetrics, Counter, Histogram, Registry } from 'prom-client';

import type { SecurityEvent } from '../auth/index.js';
import { routeOf } from '../http/index.js';
import type { SessionEvent } from '../session/index.js';

// From a cached read to a login that waited in the queue for its hash.
const DURATION_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

// Everything else a client can put on the request line would be a time series of its own.
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

// The limits of RedisLoginThrottle.
const DIMENSIONS = new Set([
  'account',
  'device',
  'address',
  'network',
  'service',
  'register',
  'register-network',
  'request-reset',
  'request-reset-network',
  'mail',
]);

/**
 * What the program counts, in a registry of its own. Labels take their values from short lists in the code, never
 * from a request: method, route pattern, status, and kinds of event.
 */
export class Metrics {
  readonly registry = new Registry();

  private readonly durations = new Histogram({
    name: 'http_request_duration_seconds',
    help: 'Time from the request line to the last byte of the answer.',
    labelNames: ['method', 'route', 'status'],
    buckets: DURATION_BUCKETS,
    registers: [this.registry],
  });

  private readonly sessionEvents = new Counter({
    name: 'latchkey_session_events_total',
    help: 'What happened to sessions on this node, by kind and reason.',
    labelNames: ['event', 'reason'],
    registers: [this.registry],
  });

  private readonly securityEvents = new Counter({
    name: 'latchkey_security_events_total',
    help: 'Logins and other events of the audit trail on this node, by type.',
    labelNames: ['type'],
    registers: [this.registry],
  });

  private readonly throttled = new Counter({
    name: 'latchkey_throttled_total',
    help: 'Attempts that were refused with 429 on this node, by what was used up. Up to ten seconds late.',
    labelNames: ['dimension'],
    registers: [this.registry],
  });

  constructor() {
    collectDefaultMetrics({ register: this.registry });
  }

  /** Middleware that times every request; to be mounted first. */
  readonly observeRequest: RequestHandler = (req, res, next) => {
    const startMs = performance.now();
    res.once('close', () => {
      // A client that went away saw no status; 499 is what proxies write for it.
      const status = res.writableFinished ? String(res.statusCode) : '499';
      const method = METHODS.has(req.method) ? req.method : 'OTHER';
      this.durations.observe({ method, route: routeOf(req), status }, (performance.now() - startMs) / 1_000);
    });
    next();
  };

  countSessionEvent(event: SessionEvent): void {
    const [reason, count] = reasonOf(event);
    this.sessionEvents.inc({ event: event.type, reason }, count);
  }

  countSecurityEvent({ type, detail, repeat }: SecurityEvent): void {
    const count = repeat?.count ?? 1;
    this.securityEvents.inc({ type }, count);
    if (type === 'login.throttled') this.throttled.inc({ dimension: dimensionOf(detail?.limit) }, count);
  }
}

function dimensionOf(limit: unknown): string {
  return typeof limit === 'string' && DIMENSIONS.has(limit) ? limit : 'other';
}

function reasonOf(event: SessionEvent): [reason: string, count: number] {
  switch (event.type) {
    case 'created':
      return [event.anonymous ? 'anonymous' : 'login', 1];
    case 'ended':
      return [event.reason, event.count];
    case 'merged':
      return [event.conflicts > 0 ? 'overlapping' : 'separate', 1];
    case 'store-failed':
      return [event.operation, 1];
    default:
      return [event.reason, 1];
  }
}
