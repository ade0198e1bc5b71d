import { Redis } from 'ioredis';
import { startRedis } from '../lib/redis-server.mjs';
import { connectRedisStore, latchkeyStore, plainId, repeat, sessionOf } from '../lib/stores.mjs';

/** @typedef {{ store: string, sessionBytes: number, sessionsPerUser: number, bytes: number }} MemoryRun `bytes` of Redis per session, index included */

const SHAPES = [
  { sessionBytes: 300, sessionsPerUser: 1 },
  { sessionBytes: 300, sessionsPerUser: 5 },
  { sessionBytes: 4_096, sessionsPerUser: 1 },
  { sessionBytes: 4_096, sessionsPerUser: 5 },
];

/**
 * What a session takes in Redis, by the growth of its used_memory.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: MemoryRun[] }>}
 */
export async function measure({ settings, attempt, say }) {
  const count = settings.quick ? 5_000 : 50_000;
  /** @type {MemoryRun[]} */
  const runs = [];
  for (const shape of SHAPES) {
    for (const store of ['connect-redis', 'Latchkey']) {
      await attempt(`memory (${store})`, async () => {
        const bytes = await bytesPerSession(store, shape, count);
        runs.push({ store, ...shape, bytes });
        say(
          `  ${store}: ${shape.sessionBytes} B, ${shape.sessionsPerUser} per user: ${bytes.toFixed(0)} B a session`,
        );
      });
    }
  }
  return { runs };
}

/**
 * @param {string} name
 * @param {{ sessionBytes: number, sessionsPerUser: number }} shape
 * @param {number} count
 */
async function bytesPerSession(name, { sessionBytes, sessionsPerUser }, count) {
  const redis = await startRedis();
  const client = new Redis(redis.socket, { enableAutoPipelining: true });
  try {
    const store = name === 'Latchkey' ? await latchkeyStore(client) : connectRedisStore(client);
    const create = (/** @type {number} */ i) => {
      const userId = `user-${Math.floor(i / sessionsPerUser)}`;
      const id = name === 'Latchkey' ? store.createSessionId(userId) : plainId();
      return store.set(id, sessionOf(userId, sessionBytes));
    };
    // Scripts and connections are there before it is counted.
    await create(count);
    const before = (await redis.sample()).usedMemory;
    await repeat(count, create);
    return ((await redis.sample()).usedMemory - before) / count;
  } finally {
    client.disconnect();
    await redis.stop();
  }
}
