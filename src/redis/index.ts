export { RedisBoot } from './redis-boot.js';
export { ping } from './redis-answers.js';
export { createRedisClient } from './redis-client.js';
export { RedisBootError, type RedisSettings } from './redis-settings.js';
export { closeRedisClient, REDIS_CLIENT, RedisModule } from './redis.module.js';
