import { measure as measureServer } from '../lib/measured.mjs';
import { rawRequest, runLoad } from '../lib/load.mjs';
import { withVariant } from '../lib/with-variant.mjs';

/**
 * @typedef {object} ShapeRun
 * @property {string} variant
 * @property {number} saturation 2xx answers a second at most, closed loop
 * @property {{ rate: number, perSecond: number, failures: number, latency: import('../lib/measured.mjs').Latency, histogram: [number, number][] }} eighty
 *   at 80 % of that, open loop
 * @property {{ rate: number, perSecond: number, ofMaximum: number, shed: number, latency: import('../lib/measured.mjs').Latency, rssMb: number, waiting: number }} overload
 *   at twice that: `shed` is the share answered 503, `waiting` how many requests found no connection at the worst
 * @property {number} idleRssMb
 */

const CONNECTIONS = 50;
const OVERLOAD_CONNECTIONS = 1_000;

/**
 * How it behaves below and beyond what it can do. The load is an open loop: requests come on time whether or not earlier
 * ones have been answered, and their time counts from when they were due.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: ShapeRun[] }>}
 */
export async function measure(context) {
  /** @type {ShapeRun[]} */
  const runs = [];
  for (const letter of ['b', 'g'].filter((one) => context.settings.only.includes(one))) {
    await context.attempt(`shape (${letter})`, async () => {
      runs.push(await measureOne(context, letter));
    });
  }
  return { runs };
}

/**
 * @param {import('../lib/scenario.mjs').Context} context
 * @param {string} letter
 * @returns {Promise<ShapeRun>}
 */
function measureOne({ settings, say }, letter) {
  const { node, seconds, warmUpSeconds } = settings;
  return withVariant(letter, { node }, async (target) => {
    const { url, server, variant } = target;
    const idleRssMb = server.rssMb();
    const cookies = await target.logIn(1_000);
    const load = {
      urls: [url],
      requests: cookies.map((headers) => rawRequest({ path: variant.path, headers })),
      connections: CONNECTIONS,
    };
    await runLoad({ ...load, seconds: warmUpSeconds * 2 });
    const { perSecond: saturation } = await runLoad({ ...load, seconds });
    const rate = saturation * 0.8;
    const paced = await runLoad({ ...load, connections: 2 * CONNECTIONS, rate, seconds });
    const eighty = {
      rate,
      perSecond: paced.perSecond,
      failures: paced.failures,
      latency: paced.histogram.summary(),
      histogram: paced.histogram.toJSON(),
    };
    const over = await measureServer(target, {
      ...load,
      connections: OVERLOAD_CONNECTIONS,
      rate: saturation * 2,
      seconds: seconds * 2,
    });
    const overload = {
      rate: saturation * 2,
      perSecond: over.perSecond,
      ofMaximum: over.perSecond / saturation,
      shed: (over.statuses['503'] ?? 0) / over.load.sent,
      latency: over.latency,
      rssMb: over.rssMb,
      waiting: over.load.mostLate,
    };
    say(
      `  (${letter}) ${saturation.toFixed(0)} req/s; at 80 % p50 ${eighty.latency.p50.toFixed(1)} ms, p99 ${eighty.latency.p99.toFixed(1)} ms`,
    );
    say(
      `  (${letter}) at 200 %: ${(overload.ofMaximum * 100).toFixed(0)} % of the maximum, ${(overload.shed * 100).toFixed(0)} % shed, ${overload.rssMb.toFixed(0)} MB`,
    );
    return { variant: letter, saturation, eighty, overload, idleRssMb };
  });
}
