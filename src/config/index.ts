export { formatDuration, parseDuration } from './duration.js';
export { EnvError, parseEnv } from './env.js';
export { type EnvProblem } from './env.rules.js';
export type { Env } from './env.types.js';
export { isLoopback } from './loopback.js';
export { loadEnv } from './load-env.js';
export { LIFETIME_CEILINGS } from './production.rules.js';
export { privateRedisSocket } from './private-redis.js';
export { parseRedisUrl } from './redis-url.js';
