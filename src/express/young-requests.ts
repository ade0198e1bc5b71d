import { setFlagsFromString } from 'node:v8';

/**
 * Keeps V8 from making objects of requests in its old space, for the whole process.
 *
 * What a request makes is garbage once it is answered. But in a burst soon after the start, when nearly all of a still small
 * heap is of requests under way, V8 takes objects that literals make for long-lived, and makes them in its old space ever
 * after. There each keeps alive all that it refers to until the next full collection: every request is copied twice, a fifth
 * of all CPU time (docs/benchmarks.md).
 */
export function keepRequestsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
