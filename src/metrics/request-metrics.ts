import type { Registry } from 'prom-client';

import { type Latency, LatencyHistogram } from './latency-histogram.js';

// From a cached read to a login that waited in the queue for its hash.
const BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

// Everything else a client can put on the request line would be a time series of its own.
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** How long requests took, by method, route and status. */
export class RequestMetrics {
  private readonly durations: LatencyHistogram;
  // Route, method, status: three look-ups of words and numbers that are there already.
  private readonly routes = new Map<string, Map<string, Map<number, Latency>>>();

  constructor(registry: Registry) {
    this.durations = new LatencyHistogram(registry, {
      name: 'http_request_duration_seconds',
      help: 'Time from the request line to the last byte of the answer. Streams of events, which have none, are left out.',
      buckets: BUCKETS,
    });
  }

  /** @param route a pattern of the program's own, never the address of the request */
  observe(method: string, route: string, status: number, seconds: number): void {
    const known = METHODS.has(method) ? method : 'OTHER';
    const methods = at(this.routes, route, () => new Map<string, Map<number, Latency>>());
    const statuses = at(methods, known, () => new Map<number, Latency>());
    let latency = statuses.get(status);
    if (latency === undefined) {
      latency = this.durations.with({ method: known, route, status: String(status) });
      statuses.set(status, latency);
    }
    latency.observe(seconds);
  }
}

function at<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const present = map.get(key);
  if (present !== undefined) return present;
  const made = make();
  map.set(key, made);
  return made;
}
