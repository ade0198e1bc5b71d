import { rawRequest, runLoad } from '../lib/load.mjs';
import { startRedis } from '../lib/redis-server.mjs';
import { startVariant, VARIANTS } from '../lib/variants.mjs';

/** @typedef {{ processes: number, perSecond: number, failures: number, latency: import('../lib/measured.mjs').Latency, cpuUs: number, redisCores: number }} ScaleRun */

const PROCESSES = [1, 2, 4];
const CONNECTIONS = 50;

/**
 * Several processes of the program on one Redis, the requests shared out among them.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: ScaleRun[] }>}
 */
export async function measure({ settings, attempt, say }) {
  const variant = /** @type {import('../lib/variants.mjs').Variant} */ (VARIANTS['g']);
  const { node, seconds, warmUpSeconds } = settings;
  const redis = await startRedis();
  /** @type {import('../lib/variants.mjs').Running[]} */
  const running = [];
  /** @type {ScaleRun[]} */
  const runs = [];
  try {
    for (const processes of PROCESSES) {
      await attempt(`scale, ${processes} processes`, async () => {
        while (running.length < processes) running.push(await startVariant(variant, { node, redis }));
        const cookies = (await running[0]?.logIn(1_000)) ?? [];
        const load = {
          urls: running.map(({ url }) => url),
          requests: cookies.map((headers) => rawRequest({ path: variant.path, headers })),
          connections: CONNECTIONS * processes,
        };
        await runLoad({ ...load, seconds: warmUpSeconds });
        const cpuUs = () => running.reduce((sum, { server }) => sum + server.cpuUs(), 0);
        let cpu = 0;
        let redisCpu = 0;
        const result = await runLoad(
          { ...load, seconds },
          {
            before: async () => {
              cpu = cpuUs();
              redisCpu = (await redis.sample()).cpuUs;
            },
            after: async () => {
              cpu = cpuUs() - cpu;
              redisCpu = (await redis.sample()).cpuUs - redisCpu;
            },
          },
        );
        const { perSecond, failures, histogram } = result;
        runs.push({
          processes,
          perSecond,
          failures,
          latency: histogram.summary(),
          cpuUs: cpu / result.sent,
          redisCores: redisCpu / 1e6 / result.seconds,
        });
        say(
          `  ${processes} processes: ${perSecond.toFixed(0)} req/s, Redis at ${(redisCpu / 1e4 / result.seconds).toFixed(0)} % of a core`,
        );
      });
    }
    return { runs };
  } finally {
    for (const { server } of running) await server.stop();
    await redis.stop();
  }
}
