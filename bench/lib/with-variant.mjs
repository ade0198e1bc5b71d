import { startRedis } from './redis-server.mjs';
import { startVariant, VARIANTS } from './variants.mjs';

/**
 * Runs one variant with a Redis of its own for as long as something is measured on it.
 *
 * @template T
 * @param {string} letter
 * @param {Omit<Parameters<typeof startVariant>[1], 'redis'> & { prepare?: (redis: import('./redis-server.mjs').RedisServer) => Promise<void> }} options
 *   `prepare` runs before it starts
 * @param {(target: import('./variants.mjs').Running & { redis: import('./redis-server.mjs').RedisServer }) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withVariant(letter, { prepare, ...options }, work) {
  const variant = VARIANTS[letter];
  if (!variant) throw new Error(`there is no variant ${letter}`);
  const redis = await startRedis();
  /** @type {import('./variants.mjs').Running | undefined} */
  let running;
  try {
    await prepare?.(redis);
    running = await startVariant(variant, { ...options, redis });
    return await work({ ...running, redis });
  } finally {
    await running?.server.stop();
    await redis.stop();
  }
}
