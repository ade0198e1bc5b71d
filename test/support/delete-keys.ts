import type { Redis } from 'ioredis';

/** Deletes every key that matches, as their end would. */
export async function deleteKeys(redis: Redis, pattern: string): Promise<void> {
  await deleteEach(redis, await redis.keys(pattern));
}

/** Deletes keys one by one: together, they would have to lie in one slot. */
export async function deleteEach(redis: Redis, keys: string[]): Promise<void> {
  await Promise.all(keys.map((key) => redis.del(key)));
}
