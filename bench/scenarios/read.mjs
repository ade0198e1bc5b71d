import { measure as measureServer } from '../lib/measured.mjs';
import { rawRequest, runLoad } from '../lib/load.mjs';
import { orderOf } from '../lib/statistics.mjs';
import { whoAmI } from '../lib/variants.mjs';
import { withVariant } from '../lib/with-variant.mjs';

const CONNECTIONS = 50;
const MANY = 1_000;

/**
 * @typedef {{ variant: string, round: number, credentials: string, answerBytes: number, warning?: string }
 *   & import('../lib/measured.mjs').Measured} ReadRun
 */

/**
 * GET of the present user, each variant in a process and with a Redis of its own, one after the other, round by round.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: ReadRun[] }>}
 */
export async function measure(context) {
  const { settings, say } = context;
  const answerBytes = await bytesOfProgram(settings);
  /** @type {ReadRun[]} */
  const runs = [];
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const letter of orderOf(settings.only, round)) {
      await context.attempt(`read (${letter}), round ${round + 1}`, async () => {
        for (const run of await measureOne(settings, letter, answerBytes)) {
          runs.push({ ...run, round });
          const { perSecond, cpuUs, latency, credentials, warning = '' } = run;
          const rate = `${perSecond.toFixed(0).padStart(6)} req/s  ${cpuUs.toFixed(1).padStart(6)} µs CPU`;
          say(`  (${letter}) ${credentials.padEnd(13)} ${rate}  p99 ${latency.p99.toFixed(1)} ms ${warning}`);
        }
      });
    }
  }
  return { runs };
}

/**
 * @param {import('../lib/arguments.mjs').Settings} settings
 * @param {string} letter
 * @param {number} answerBytes
 */
function measureOne(settings, letter, answerBytes) {
  return withVariant(
    letter,
    { node: settings.node, answerBytes },
    async ({ server, redis, url, variant, logIn }) => {
      const cookies = await logIn(MANY);
      /** @type {[string, Record<string, string>[]][]} */
      const credentials = [['one cookie', cookies.slice(0, 1)]];
      if (variant.entry !== 'none') credentials.push(['1 000 cookies', cookies]);
      if (variant.bearer) credentials.push(['bearer', await logIn(1, 'bearer')]);
      const runs = [];
      for (const [name, headers] of credentials) {
        const first = /** @type {Record<string, string>} */ (headers[0]);
        const { bytes } = await whoAmI(url, variant, first);
        const requests = headers.map((one) => rawRequest({ path: variant.path, headers: one }));
        const load = { urls: [url], requests, connections: CONNECTIONS };
        if (runs.length === 0) await runLoad({ ...load, seconds: settings.warmUpSeconds });
        const { load: _load, ...measured } = await measureServer(
          { server, redis },
          { ...load, seconds: settings.seconds },
        );
        await whoAmI(url, variant, first);
        runs.push({
          variant: letter,
          credentials: name,
          answerBytes: bytes,
          ...measured,
          ...warningOf(measured),
        });
      }
      return runs;
    },
  );
}

/** @param {import('../lib/measured.mjs').Measured} measured */
function warningOf({ failures, generatorCpu }) {
  if (failures > 0) return { warning: `${failures} failed` };
  return generatorCpu > 0.95 ? { warning: 'the load generator was at its limit' } : {};
}

/** How long the program's answer is, so that all others are as long. @param {import('../lib/arguments.mjs').Settings} settings */
function bytesOfProgram({ node }) {
  return withVariant('g', { node }, async ({ url, variant, logIn }) => {
    const [headers = {}] = await logIn(1);
    return (await whoAmI(url, variant, headers)).bytes;
  });
}
