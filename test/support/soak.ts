import { TOPOLOGY } from './topology.js';

/** Whether these are the long runs: `npm run test:soak`. */
const SOAKING = process.env['LATCHKEY_SOAK'] === '1';

// On Sentinel and on a cluster, what has been tried on one server is tried again: what differs there shows soon.
const REPETITION_SHARE = 5;

/**
 * How often something is tried that finds the more the longer it is tried. A spec file that imports this is run by
 * `npm run test:soak`.
 *
 * @param normal in `npm test`, which everybody waits for
 * @param soak in `npm run test:soak`
 */
export function runs(normal: number, soak: number): number {
  if (SOAKING) return soak;
  return TOPOLOGY === 'single' ? normal : Math.ceil(normal / REPETITION_SHARE);
}
