// (d) Better Auth with Redis as its secondary storage, which then is where sessions live. Users are in memory.
import { createServer } from 'node:http';
import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { toNodeHandler } from 'better-auth/node';
import { Redis } from 'ioredis';
import { REDIS_SOCKET, SECRET, sayWhere } from './listening.mjs';

const redis = new Redis(REDIS_SOCKET, { enableAutoPipelining: true });
const server = createServer();
await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
const address = /** @type {import('node:net').AddressInfo} */ (server.address());

const auth = betterAuth({
  baseURL: `http://127.0.0.1:${address.port}`,
  secret: SECRET,
  database: memoryAdapter({ user: [], session: [], account: [], verification: [] }),
  secondaryStorage: {
    get: (/** @type {string} */ key) => redis.get(key),
    set: async (
      /** @type {string} */ key,
      /** @type {string} */ value,
      /** @type {number | undefined} */ ttl,
    ) => {
      await (ttl ? redis.set(key, value, 'EX', ttl) : redis.set(key, value));
    },
    delete: async (/** @type {string} */ key) => {
      await redis.del(key);
    },
  },
  emailAndPassword: {
    enabled: true,
    // Its sign-up only has to make somebody who is logged in.
    password: { hash: async (/** @type {string} */ text) => text, verify: async () => true },
  },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: 'error' },
});
server.on('request', toNodeHandler(auth));
sayWhere(server);
