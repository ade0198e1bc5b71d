import { measure as measureServer } from '../lib/measured.mjs';
import { rawRequest } from '../lib/load.mjs';
import { PUBLIC_URL } from '../lib/program-settings.mjs';
import { withVariant } from '../lib/with-variant.mjs';

const CONNECTIONS = 16;

/**
 * @typedef {object} LogoutRun
 * @property {string} variant
 * @property {number} perSecond
 * @property {number} failures
 * @property {import('../lib/measured.mjs').Latency} latency
 * @property {number} cpuUs
 */

/**
 * Everybody logs out, once. The program also writes the event to its audit trail.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: LogoutRun[] }>}
 */
export async function measure({ settings, attempt, say }) {
  /** @type {LogoutRun[]} */
  const runs = [];
  for (const letter of ['b', 'g', 'h'].filter((one) => settings.only.includes(one))) {
    await attempt(`logout (${letter})`, () =>
      withVariant(letter, { node: settings.node }, async (target) => {
        const sessions = await target.logIn(settings.quick ? 500 : 5_000);
        const requests = sessions.map((headers) =>
          rawRequest({
            method: 'POST',
            path: letter === 'g' ? '/auth/logout' : '/logout',
            headers: { ...headers, origin: PUBLIC_URL },
          }),
        );
        const { perSecond, failures, latency, cpuUs } = await measureServer(target, {
          urls: [target.url],
          requests,
          connections: CONNECTIONS,
          count: requests.length,
        });
        runs.push({ variant: letter, perSecond, failures, latency, cpuUs });
        say(
          `  (${letter}) ${perSecond.toFixed(0)} logouts/s, p99 ${latency.p99.toFixed(1)} ms, ${failures} failed`,
        );
      }),
    );
  }
  return { runs };
}
