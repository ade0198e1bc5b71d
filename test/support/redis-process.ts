import type { Redis, RedisOptions } from 'ioredis';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { RedisClients } from '../../src/testing/redis-process.js';
import type { TestCertificates } from './tls.js';

export { type RedisProcess, startRedisProcess } from '../../src/testing/redis-process.js';

/** The Redis user of the tests. They look behind the program's back, so they need more than it may do. */
export const TESTS = { username: 'tests', password: 'tests' };

/** Arguments that every server of the tests needs to know that user. */
export const TESTS_USER = ['--user', TESTS.username, 'on', `>${TESTS.password}`, '~*', '&*', '+@all'];

/** Where the servers of the tests listen when they need ports. */
export const HOST = '127.0.0.1';

/** Arguments that say where a server listens, in clear or, when it has certificates, with TLS only. */
export function listenOn(port: number, tls: TestCertificates | undefined): string[] {
  const clear = ['--bind', HOST, '--port', String(tls ? 0 : port)];
  return tls ? [...clear, '--tls-port', String(port), ...tls.args()] : clear;
}

/** Arguments of one of several servers that keep their data together and nothing on disk. */
export function memberArgs(directory: string): string[] {
  return [
    ...['--dir', directory, '--save', '', '--appendonly', 'no', '--repl-diskless-sync-delay', '0'],
    ...['--masteruser', TESTS.username, '--masterauth', TESTS.password, ...TESTS_USER],
  ];
}

/** Clients that a server of the tests has given out, to be closed with it. */
export class TestClients extends RedisClients {
  /** A client as the user of the tests. */
  override open(options: RedisOptions): Redis {
    return super.open({ ...TESTS, ...options });
  }
}

// Below those that systems give to outgoing connections: one of these could take a port before its server does, or while it
// is down. Of each eight, a worker of Jest's has one.
const [FIRST_PORT, PORT_GROUPS, WORKERS] = [10_000, 2_750, 8];

// Between being found free and being listened on they look free to whoever asks next.
const given = new Set<number>();

/** Ports of 127.0.0.1 that nobody listened on just now, and that nobody else is given, here or in another worker. */
export async function freePorts(count: number): Promise<number[]> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS;
  const servers = new Map<number, Server>();
  while (servers.size < count) {
    const port = FIRST_PORT + WORKERS * Math.floor(Math.random() * PORT_GROUPS) + worker;
    if (given.has(port)) continue;
    const server = createServer();
    const listens = await new Promise((resolve) => {
      server.once('listening', () => resolve(true)).once('error', () => resolve(false));
      server.listen(port, HOST);
    });
    if (!listens || given.has(port)) {
      server.close();
      continue;
    }
    given.add(port);
    servers.set(port, server);
  }
  await Promise.all([...servers.values()].map((server) => once(server.close(), 'close')));
  return [...servers.keys()];
}

/** Asks until the answer is yes. For what a server says only when it is asked. */
export async function poll(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(10);
}
