/** Files by the names of their scenarios, in the order in which they run. Each exports `measure(context)`. */
export const SCENARIOS = /** @type {Record<string, string>} */ ({
  read: 'read.mjs',
  login: 'login.mjs',
  write: 'write.mjs',
  logout: 'logout.mjs',
  revoke: 'revoke.mjs',
  memory: 'memory.mjs',
  redis: 'redis.mjs',
  start: 'start.mjs',
  growth: 'growth.mjs',
  shape: 'shape.mjs',
  scale: 'scale.mjs',
});
