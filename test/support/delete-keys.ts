import type { Redis } from 'ioredis';

/** Deletes every key that matches, as their end would. */
export async function deleteKeys(redis: Redis, pattern: string): Promise<void> {
  const keys = await redis.keys(pattern);
  if (keys.length > 0) await redis.del(keys);
}
