import type { Redis } from 'ioredis';

import { poll } from './redis-process.js';
import type { TestRedis } from './redis-server.js';
import type { TcpProxy } from './tcp-proxy.js';

/** A Redis of the tests, and the network between it and the program. */
export interface Surroundings {
  redis: TestRedis;
  proxy: TcpProxy;
  /** Somebody who gets at Redis behind that network. */
  admin: Redis;
}

/** Something that can happen to Redis; resolves when it has. What it returns puts an end to it. */
type Outage = (around: Surroundings) => Promise<() => Promise<unknown> | void>;

// How long what ends by itself lasts, ms: longer than everything that is asked meanwhile.
const PAUSE_MS = 4_000;

/** By the name of its row in docs/operations.md. */
export const OUTAGES: Record<string, Outage> = {
  'primary down': async ({ redis }) => {
    await redis.kill();
    return () => redis.restart();
  },
  frozen: ({ redis }) => {
    redis.freeze();
    return Promise.resolve(() => redis.thaw());
  },
  paused: async ({ admin }) => {
    // Whoever asks it to end the pause is paused as well: it ends by itself.
    await admin.call('CLIENT', 'PAUSE', String(PAUSE_MS), 'ALL');
    return () => undefined;
  },
  'paused for writes': async ({ admin }) => {
    await admin.call('CLIENT', 'PAUSE', String(10 * PAUSE_MS), 'WRITE');
    return () => admin.call('CLIENT', 'UNPAUSE');
  },
  blocked: async ({ admin }) => {
    await admin.ping();
    // By a command that takes long; connected already, it is there before anybody who is asked later.
    admin.call('DEBUG', 'SLEEP', String(PAUSE_MS / 1_000)).catch(() => undefined);
    return () => undefined;
  },
  slow: ({ proxy }) => {
    proxy.delay({ down: 700 });
    return Promise.resolve(() => proxy.heal());
  },
  'read-only replica': async ({ admin }) => {
    // Its primary is not there: it keeps what it has and answers reads.
    await admin.replicaof('127.0.0.1', 1);
    return () => admin.replicaof('NO', 'ONE');
  },
  'out of memory': async ({ admin }) => {
    await admin.config('SET', 'maxmemory', '1');
    return () => admin.config('SET', 'maxmemory', '0');
  },
  'wrong password': async ({ admin }) => {
    await admin.acl('SETUSER', 'default', 'resetpass', '>another');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    return () => admin.acl('SETUSER', 'default', 'nopass');
  },
  partition: ({ proxy }) => {
    proxy.silence();
    proxy.refuse();
    return Promise.resolve(() => proxy.heal());
  },
  'full restart': async ({ redis, admin }) => {
    await redis.restart();
    await poll(async () => (await admin.ping().catch(() => '')) === 'PONG');
    return () => undefined;
  },
};
