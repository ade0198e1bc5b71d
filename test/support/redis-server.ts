import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis, type RedisOptions } from 'ioredis';

/** A redis-server of a test's own, on a unix socket in a folder of its own. */
export interface TestRedis {
  socket: string;
  pid: number;
  /** A new connection; closed with the server. */
  client(options?: RedisOptions): Redis;
  /** Ends the server and its folder. */
  stop(): Promise<void>;
}

/** Starts a redis-server and resolves when it accepts connections. @param args more of redis-server's own */
export async function startRedis(args: string[] = []): Promise<TestRedis> {
  const dir = await mkdtemp(join(tmpdir(), 'lk-redis-'));
  const socket = join(dir, 'redis.sock');
  const server = spawn(
    'redis-server',
    ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', '--maxmemory-policy', 'noeviction', ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  await readyToAccept(server);
  const clients: Redis[] = [];
  return {
    socket,
    pid: server.pid as number,
    client: (options = {}) => {
      const client = new Redis({ path: socket, ...options });
      // A test that kills its server expects the connection to fail.
      client.on('error', () => undefined);
      clients.push(client);
      return client;
    },
    stop: async () => {
      for (const client of clients) client.disconnect();
      if (server.exitCode === null && server.signalCode === null) {
        const exited = once(server, 'exit');
        server.kill('SIGKILL');
        await exited;
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function readyToAccept(server: ChildProcess): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${output}`)));
    server.stdout?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('eady to accept connections')) resolve();
    });
  });
}
