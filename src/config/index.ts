export { formatDuration, parseDuration } from './duration.js';
export { EnvError, parseEnv } from './env.js';
export { isLoopback, type EnvProblem } from './env.rules.js';
export type { Env } from './env.types.js';
export { loadEnv } from './load-env.js';
export { privateRedisSocket } from './private-redis.js';
