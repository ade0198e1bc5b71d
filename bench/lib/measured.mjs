import { runLoad } from './load.mjs';
import { commandsOf } from './redis-server.mjs';

/** @typedef {ReturnType<import('./histogram.mjs').Histogram['summary']>} Latency in ms */

/**
 * @typedef {object} Measured one run of load on one variant
 * @property {number} perSecond 2xx answers a second
 * @property {number} failures requests without a 2xx answer
 * @property {Record<string, number>} statuses
 * @property {Latency} latency
 * @property {[number, number][]} histogram
 * @property {number} cpuUs of the server process per request
 * @property {number} redisUs of the Redis process per request
 * @property {Record<string, number>} commands that Redis got per request, inside scripts too
 * @property {number} rssMb of the server process afterwards
 * @property {number} generatorCpu cores that the load generator used
 */

/**
 * Runs load on a server, and looks at the server and its Redis right before and right after.
 *
 * @param {object} target
 * @param {import('./child.mjs').ServerProcess} target.server
 * @param {import('./redis-server.mjs').RedisServer} target.redis
 * @param {import('./load.mjs').Load} load
 * @returns {Promise<Measured & { load: import('./load.mjs').LoadResult }>}
 */
export async function measure({ server, redis }, load) {
  let cpu = 0;
  let redisCpu = 0;
  const result = await runLoad(load, {
    before: async () => {
      server.emptyLog();
      await redis.control.config('RESETSTAT');
      redisCpu = (await redis.sample()).cpuUs;
      cpu = server.cpuUs();
    },
    after: async () => {
      cpu = server.cpuUs() - cpu;
      redisCpu = (await redis.sample()).cpuUs - redisCpu;
    },
  });
  const commands = await commandsOf(redis.control);
  const each = Math.max(1, result.sent);
  return {
    perSecond: result.perSecond,
    failures: result.failures,
    statuses: result.statuses,
    latency: result.histogram.summary(),
    histogram: result.histogram.toJSON(),
    cpuUs: cpu / each,
    redisUs: redisCpu / each,
    commands: Object.fromEntries([...commands].map(([name, { calls }]) => [name, round(calls / each)])),
    rssMb: server.rssMb(),
    generatorCpu: result.generatorCpu,
    load: result,
  };
}

/** @param {number} value */
const round = (value) => Number(value.toFixed(3));
