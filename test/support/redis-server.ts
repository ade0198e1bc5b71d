import { Redis, type RedisOptions } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A redis-server of a spec file's own, on a unix socket in a directory of its own. */
export interface TestRedis {
  socket: string;
  /** What `REDIS_URL` is set to for it. */
  url: string;
  pid: number;
  /** Another client of it, closed by `stop`. */
  client(options?: RedisOptions): Redis;
  /** A connection that sees every command (`monitor` event), closed by `stop`. */
  monitor(): Promise<Redis>;
  /** Ends the process at once, as a crash does; its files stay. */
  kill(): Promise<void>;
  /** Starts the process again, with the same socket, files and options, after `kill`. */
  restart(): Promise<void>;
  /** Stops the process from answering without ending it. */
  freeze(): void;
  thaw(): void;
  /** Ends the process and removes its files. */
  stop(): Promise<void>;
}

// The tests look behind the program's back, so they need more than it may do.
const TESTS = { username: 'tests', password: 'tests' };

/** Arguments for a server on which the program may do what docs/session-format.md says it needs, and nothing else. */
export function programMayOnly(): string[] {
  const page = readFileSync(new URL('../../docs/session-format.md', import.meta.url), 'utf8');
  const rule = /```acl\n(.+)\n```/.exec(page)?.[1];
  if (rule === undefined) throw new Error('docs/session-format.md has no access rule.');
  return ['--user', 'default', 'on', 'nopass', ...rule.split(' ')];
}

/** Starts a redis-server; `options` are further arguments, such as `['--requirepass', 'x']`. Resolves when it answers. */
export async function startRedis(options: string[] = []): Promise<TestRedis> {
  const directory = await mkdtemp(join(tmpdir(), 'lk-redis-'));
  const socket = join(directory, 'redis.sock');
  const tests = ['--user', TESTS.username, 'on', `>${TESTS.password}`, '~*', '&*', '+@all'];
  const args = [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
    ...tests,
    ...options,
  ];
  const clients: Redis[] = [];
  let child = await spawnReady(args);

  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const track = (client: Redis) => {
    client.on('error', () => undefined);
    clients.push(client);
    return client;
  };
  const newClient = (clientOptions: RedisOptions = {}) =>
    track(new Redis({ path: socket, disconnectTimeout: 50, ...TESTS, ...clientOptions }));
  return {
    socket,
    url: `unix:${socket}`,
    get pid() {
      return child.pid as number;
    },
    client: newClient,
    monitor: async () => track(await newClient().monitor()),
    kill,
    async restart() {
      await kill();
      child = await spawnReady(args);
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async stop() {
      await Promise.all(clients.map(disconnect));
      await kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function disconnect(client: Redis): Promise<void> {
  const ended = client.status === 'ready' ? once(client, 'end') : undefined;
  client.disconnect();
  await ended;
}

/** Waits for the line that says so, not for a time: nine milliseconds on a quiet machine, seconds on a busy one. */
async function spawnReady(args: string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`redis-server cannot be started: ${error.message}. Is it installed?`)),
    );
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${output.join('\n')}`)));
    createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      output.push(line);
      if (/ready to accept connections/i.test(line)) resolve();
    });
  });
  await ready;
  child.removeAllListeners('exit');
  return child;
}
