import { Redis } from 'ioredis';
import { fillConnectRedis, fillLatchkey } from '../lib/fill.mjs';
import { startRedis } from '../lib/redis-server.mjs';
import { median } from '../lib/statistics.mjs';
import { connectRedisStore, latchkeyStore, plainId, repeat, scanFor, sessionOf } from '../lib/stores.mjs';

const OWN = [1, 10, 100, 1_000, 10_000];
const SCANNED_FOR = 10;
const TIMES = 3;

/**
 * @typedef {object} RevokeRun
 * @property {string} store
 * @property {number} others sessions of other people
 * @property {number} own sessions of the one that is logged out everywhere
 * @property {number} listMs until all of them were listed
 * @property {number} revokeMs until it was acknowledged that all have ended
 * @property {number} redisMs CPU time that Redis spent on it, the cleaning up afterwards included
 */

/**
 * "Log me out everywhere", and the list of where one is logged in, in a Redis that is full of other people's sessions.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: RevokeRun[] }>}
 */
export async function measure({ settings, attempt, say }) {
  /** @type {RevokeRun[]} */
  const runs = [];
  const sizes = settings.quick ? [10_000, 100_000] : [10_000, 100_000, 1_000_000];
  for (const [store, measureStore] of /** @type {const} */ ([
    ['Latchkey', measureLatchkey],
    ['connect-redis', measureConnectRedis],
  ])) {
    await attempt(`revoke (${store})`, async () => {
      const redis = await startRedis();
      const client = new Redis(redis.socket, { enableAutoPipelining: true });
      try {
        for await (const run of measureStore({ redis, client, sizes })) {
          runs.push({ store, ...run });
          say(
            `  ${store}: ${run.own} of ${run.others}: listed in ${run.listMs.toFixed(2)} ms, ended in ${run.revokeMs.toFixed(2)} ms`,
          );
        }
      } finally {
        client.disconnect();
        await redis.stop();
      }
    });
  }
  return { runs };
}

/** @typedef {{ redis: import('../lib/redis-server.mjs').RedisServer, client: Redis, sizes: number[] }} Target */

/** @param {Target} target */
async function* measureLatchkey({ redis, client, sizes }) {
  const store = await latchkeyStore(client);
  const { engine } = store;
  const create = async (/** @type {string} */ userId) => {
    const id = store.createSessionId(userId);
    await store.set(id, sessionOf(userId));
    return id;
  };
  await create('sample');
  const record = (await client.get((await client.keys('lk:sess:*'))[0] ?? '')) ?? '';
  const once = async (/** @type {number} */ own, /** @type {string} */ userId) => {
    const tag = engine.ring.current(userId);
    await repeat(own, () => create(userId));
    const listMs = await timed(() => engine.users.list(tag));
    const before = (await redis.sample()).cpuUs;
    const revokeMs = await timed(() => engine.users.revokeAll(tag));
    const trash = `lk:trash:{${tag}}:${await client.get(`lk:gen:{${tag}}`)}`;
    while ((await client.exists(trash)) > 0);
    return { listMs, revokeMs, redisMs: ((await redis.sample()).cpuUs - before) / 1000 };
  };
  // The server compiles a script when it sees it first.
  await once(1, 'first');
  let filled = 0;
  for (const others of sizes) {
    await fillLatchkey(client, { from: filled, till: others, record });
    filled = others;
    for (const own of OWN) {
      const times = [];
      for (let i = 0; i < TIMES; i += 1) times.push(await once(own, `ada-${others}-${own}-${i}`));
      yield { others, own, ...medians(times) };
    }
  }
}

/** @param {Target} target */
async function* measureConnectRedis({ redis, client, sizes }) {
  const store = connectRedisStore(client);
  await store.set('sample', /** @type {any} */ (sessionOf('sample')));
  const record = (await client.get('sess:sample')) ?? '';
  let filled = 0;
  for (const others of sizes) {
    await fillConnectRedis(client, { from: filled, till: others, record });
    filled = others;
    // However many are his, all of everybody's are read; so one number says it.
    const times = [];
    for (let i = 0; i < (others > 100_000 ? 1 : TIMES); i += 1) {
      const userId = `ada-${others}-${i}`;
      await repeat(SCANNED_FOR, () => store.set(plainId(), /** @type {any} */ (sessionOf(userId))));
      const listMs = await timed(() => scanFor(client, userId));
      const before = (await redis.sample()).cpuUs;
      const revokeMs = await timed(async () => client.unlink(await scanFor(client, userId)));
      times.push({ listMs, revokeMs, redisMs: ((await redis.sample()).cpuUs - before) / 1000 });
    }
    yield { others, own: SCANNED_FOR, ...medians(times) };
  }
}

/** @param {() => Promise<unknown>} work */
async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** @param {{ listMs: number, revokeMs: number, redisMs: number }[]} times */
function medians(times) {
  return {
    listMs: median(times.map(({ listMs }) => listMs)),
    revokeMs: median(times.map(({ revokeMs }) => revokeMs)),
    redisMs: median(times.map(({ redisMs }) => redisMs)),
  };
}
