import type { SetTopology } from './redis-sets.js';

/** What the specs that speak to Redis run on: `LATCHKEY_TEST_REDIS`, a single server without it. */
export const TOPOLOGY = topologyOf(process.env['LATCHKEY_TEST_REDIS'] ?? 'single');

/** Whether Sentinel or Cluster speak TLS: `LATCHKEY_TEST_REDIS_TLS=1`. */
export const OVER_TLS = process.env['LATCHKEY_TEST_REDIS_TLS'] === '1';

function topologyOf(name: string): 'single' | SetTopology {
  if (name === 'single' || name === 'sentinel' || name === 'cluster') return name;
  throw new Error(`LATCHKEY_TEST_REDIS must be single, sentinel or cluster, not ${name}.`);
}
