export { bootRedis, RedisBootError, type RedisBootOptions } from './redis-boot.js';
export { createRedisClient, describeRedisUrl } from './redis-client.js';
export { closeRedisClient, REDIS_CLIENT, RedisModule } from './redis.module.js';
