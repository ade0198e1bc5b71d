import { setTimeout as delay } from 'node:timers/promises';
import { withVariant } from '../lib/with-variant.mjs';

const PATHS = /** @type {Record<string, string>} */ ({ a: '/me', b: '/me', g: '/health/ready' });

/**
 * @typedef {{ variant: string, round: number, ms: number, idleRssMb: number }} StartRun
 *   ms from spawning the process to its first answer, and its memory a second later
 */

/**
 * How long it takes to start: the program until it says that it is ready, the others until they answer at all.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: StartRun[] }>}
 */
export async function measure({ settings, attempt, say }) {
  /** @type {StartRun[]} */
  const runs = [];
  for (let round = 0; round < settings.rounds; round += 1) {
    for (const variant of Object.keys(PATHS).filter((one) => settings.only.includes(one))) {
      await attempt(`start (${variant})`, async () => {
        let begun = 0;
        const prepare = async () => {
          begun = performance.now();
        };
        await withVariant(variant, { node: settings.node, prepare }, async ({ url, server }) => {
          await answered(url + PATHS[variant]);
          const ms = performance.now() - begun;
          await delay(1_000);
          const idleRssMb = server.rssMb();
          runs.push({ variant, round, ms, idleRssMb });
          say(`  (${variant}) answers after ${ms.toFixed(0)} ms, ${idleRssMb.toFixed(0)} MB`);
        });
      });
    }
  }
  return { runs };
}

/** Asks until there is an answer that is no 503. @param {string} url */
async function answered(url) {
  for (;;) {
    const { status } = await fetch(url);
    if (status !== 503) return;
    await delay(5);
  }
}
