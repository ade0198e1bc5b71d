import type { Redis, RedisOptions } from 'ioredis';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { startRedisProcess, TestClients, TESTS_USER, type RedisProcess } from './redis-process.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A redis-server of a spec file's own, on a unix socket in a directory of its own. */
export interface TestRedis extends RedisProcess {
  socket: string;
  /** What `REDIS_URL` is set to for it. */
  url: string;
  /** Another client of it, closed by `stop`. */
  client(options?: RedisOptions): Redis;
  /** A connection that sees every command (`monitor` event), closed by `stop`. */
  monitor(): Promise<Redis>;
  /** Ends the process and removes its files. */
  stop(): Promise<void>;
}

/**
 * Arguments for a server on which the program may do what docs/session-format.md says it needs, and nothing else; with
 * what it says of `cluster` too.
 */
export function programMayOnly(...more: 'cluster'[]): string[] {
  const page = readFileSync(new URL('../../docs/session-format.md', import.meta.url), 'utf8');
  const rules = ['acl', ...more.map((one) => `acl-${one}`)].map((name) => {
    const rule = new RegExp('```' + name + '\\n(.+)\\n```').exec(page)?.[1];
    if (rule === undefined) throw new Error(`docs/session-format.md has no access rule ${name}.`);
    return rule.split(' ');
  });
  return ['--user', 'default', 'on', 'nopass', ...rules.flat()];
}

/** Starts a redis-server; `options` are further arguments, such as `['--requirepass', 'x']`. Resolves when it answers. */
export async function startRedis(options: string[] = []): Promise<TestRedis> {
  const directory = temporaryDirectory('lk-redis-');
  const socket = join(directory, 'redis.sock');
  const server = await startRedisProcess([
    ...['--port', '0', '--unixsocket', socket, '--dir', directory, '--save', '', '--appendonly', 'no'],
    ...TESTS_USER,
    ...options,
  ]);
  const clients = new TestClients();
  return {
    socket,
    url: `unix:${socket}`,
    get pid() {
      return server.pid;
    },
    client: (clientOptions = {}) => clients.open({ path: socket, ...clientOptions }),
    monitor: () => clients.monitor({ path: socket }),
    kill: () => server.kill(),
    restart: () => server.restart(),
    freeze: () => server.freeze(),
    thaw: () => server.thaw(),
    async stop() {
      await clients.close();
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
