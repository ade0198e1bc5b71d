import { rawRequest, runLoad } from '../lib/load.mjs';
import { slope } from '../lib/statistics.mjs';
import { withVariant } from '../lib/with-variant.mjs';

const STEPS = 20;

/**
 * @typedef {object} Growth
 * @property {number} requests
 * @property {number} failures
 * @property {[requests: number, rssMb: number][]} memory first without any request
 * @property {number} mbPer100k slope of the second half, when caches are full and the heap has found its size
 */

/**
 * Resident memory of the program over a million requests.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<Growth>}
 */
export async function measure({ settings, say }) {
  const requests = settings.quick ? 10_000 : 1_000_000;
  return withVariant('g', { node: settings.node }, async ({ url, server, variant, logIn }) => {
    const cookies = await logIn(1_000);
    const load = {
      urls: [url],
      requests: cookies.map((headers) => rawRequest({ path: variant.path, headers })),
      connections: 50,
      count: requests / STEPS,
    };
    /** @type {Growth['memory']} */
    const memory = [[0, server.rssMb()]];
    let failures = 0;
    for (let step = 1; step <= STEPS; step += 1) {
      failures += (await runLoad(load)).failures;
      server.emptyLog();
      memory.push([(step * requests) / STEPS, server.rssMb()]);
    }
    const half = memory.slice(memory.length >> 1);
    const mbPer100k = slope(half) * 100_000;
    const [[, idle] = [0, 0]] = memory;
    const [, last] = memory.at(-1) ?? [0, 0];
    say(
      `  ${idle.toFixed(0)} MB idle, ${last.toFixed(0)} MB after ${requests} requests, ${mbPer100k.toFixed(2)} MB per 100 000 at the end`,
    );
    return { requests, failures, memory, mbPer100k };
  });
}
