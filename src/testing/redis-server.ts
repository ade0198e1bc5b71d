import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Redis, RedisOptions } from 'ioredis';
import { monitorOf, type RedisMonitor } from './redis-monitor.js';
import { RedisClients, type RedisProcess, startRedisProcess } from './redis-process.js';
import { temporaryDirectory } from './temporary-directory.js';

/** A redis-server of a test's own, on a unix socket in a folder of its own; it keeps nothing on disk. */
export interface RedisServer extends RedisProcess {
  /** Path of its socket; `new Redis(socket)` connects to it. */
  socket: string;
  /** The same as a URL, as `REDIS_URL` of the program takes it. */
  url: string;
  /** Another client of it, closed by `stop`. */
  client(options?: RedisOptions): Redis;
  /** Sees every command; closed by `stop`. */
  monitor(): Promise<RedisMonitor>;
  /** Ends the process, closes its clients and removes its files. */
  stop(): Promise<void>;
}

/** How the server is started. */
export interface RedisServerOptions {
  /** Further arguments, such as `['--maxmemory', '10mb']`. @default [] */
  args?: string[];
  /** @default 'redis-server', as PATH finds it */
  program?: string;
  /** What each client of `client()` has besides. @default {} */
  clientOptions?: RedisOptions;
}

/** Starts a redis-server. Resolves when it answers; there is no port that could be taken. */
export async function startRedisServer({
  args = [],
  program,
  clientOptions,
}: RedisServerOptions = {}): Promise<RedisServer> {
  const directory = temporaryDirectory('lk-redis-');
  const socket = join(directory, 'redis.sock');
  const server = await startRedisProcess(
    [
      ...['--port', '0', '--unixsocket', socket, '--dir', directory, '--save', '', '--appendonly', 'no'],
      ...args,
    ],
    program,
  );
  const clients = new RedisClients();
  const monitors: RedisMonitor[] = [];
  const client = (options: RedisOptions = {}) => clients.open({ path: socket, ...clientOptions, ...options });
  return Object.assign(server, {
    ...{ socket, url: `unix:${socket}`, client },
    async monitor() {
      const monitor = await monitorOf([() => client()]);
      monitors.push(monitor);
      return monitor;
    },
    async stop() {
      // ioredis makes a client of its own for it.
      for (const monitor of monitors) monitor.disconnect();
      await clients.close();
      await server.kill();
      await rm(directory, { recursive: true, force: true });
    },
  });
}
