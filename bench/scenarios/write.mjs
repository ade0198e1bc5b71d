import { measure as measureServer } from '../lib/measured.mjs';
import { rawRequest, runLoad } from '../lib/load.mjs';
import { withVariant } from '../lib/with-variant.mjs';

const CONNECTIONS = 50;
const SESSIONS = 1_000;
const ITEMS = 20;

/**
 * @typedef {object} WriteRun
 * @property {string} variant
 * @property {string} sessions how many the requests were spread over
 * @property {number} perSecond
 * @property {number} failures
 * @property {import('../lib/measured.mjs').Latency} latency
 * @property {number} cpuUs
 * @property {number} redisUs
 * @property {Record<string, number>} commands
 * @property {number} [lost] share of the acknowledged changes that are not in the session afterwards
 */

/**
 * One more of an item in the cart, which is in the session: spread over 1 000 sessions, and all requests at once in one.
 * In the latter every acknowledged change must be found again.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: WriteRun[] }>}
 */
export async function measure(context) {
  /** @type {WriteRun[]} */
  const runs = [];
  for (const letter of ['b', 'h'].filter((one) => context.settings.only.includes(one))) {
    await context.attempt(`write (${letter})`, async () => {
      runs.push(...(await measureOne(context, letter)));
    });
  }
  return { runs };
}

/**
 * @param {import('../lib/scenario.mjs').Context} context
 * @param {string} letter
 */
function measureOne({ settings, say }, letter) {
  const { node, seconds, warmUpSeconds } = settings;
  return withVariant(letter, { node }, async (target) => {
    const cookies = await target.logIn(SESSIONS);
    const [contended = {}, ...others] = cookies;
    const load = { urls: [target.url], connections: CONNECTIONS };
    const spreadOut = others.map((headers, i) => add(headers, i));
    await runLoad({ ...load, requests: spreadOut, seconds: warmUpSeconds });
    /** @type {WriteRun[]} */
    const runs = [];
    for (const [sessions, requests] of /** @type {[string, string[]][]} */ ([
      ['1 000', spreadOut],
      ['1', Array.from({ length: ITEMS }, (_, i) => add(contended, i))],
    ])) {
      const {
        perSecond,
        failures,
        latency,
        cpuUs,
        redisUs,
        commands,
        load: result,
      } = await measureServer(target, { ...load, requests, seconds });
      const found = sessions === '1' ? (await countedIn(target.url, contended)) - 1 : undefined;
      const lost = found === undefined ? {} : { lost: 1 - found / result.ok };
      runs.push({
        variant: letter,
        sessions,
        perSecond,
        failures,
        latency,
        cpuUs,
        redisUs,
        commands,
        ...lost,
      });
      const gone = lost.lost === undefined ? '' : `, ${(lost.lost * 100).toFixed(1)} % of the changes lost`;
      say(
        `  (${letter}) ${sessions} sessions: ${perSecond.toFixed(0)} writes/s, p99 ${latency.p99.toFixed(1)} ms${gone}`,
      );
    }
    return runs;
  });
}

/**
 * @param {Record<string, string>} headers
 * @param {number} i
 */
function add(headers, i) {
  return rawRequest({ method: 'POST', path: '/cart', headers, body: { item: `item-${i % ITEMS}` } });
}

/**
 * How many pieces are in the cart, one more added.
 *
 * @param {string} url
 * @param {Record<string, string>} headers
 */
async function countedIn(url, headers) {
  const answer = await fetch(`${url}/cart`, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ item: 'item-0' }),
  });
  const { cart } = /** @type {{ cart: Record<string, number> }} */ (await answer.json());
  return Object.values(cart).reduce((sum, count) => sum + count, 0);
}
