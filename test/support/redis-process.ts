import { Redis, type RedisOptions } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';

import type { TestCertificates } from './tls.js';

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

/** A redis-server, or a sentinel, that is a process of this test. */
export interface RedisProcess {
  pid: number;
  /** Ends the process at once, as a crash does; its files stay. */
  kill(): Promise<void>;
  /** Starts the process again with the same arguments, after `kill`. */
  restart(): Promise<void>;
  /** Stops the process from answering without ending it. */
  freeze(): void;
  thaw(): void;
}

/** Starts a server and waits for the line that says it is ready: milliseconds on a quiet machine, seconds on a busy one. */
export async function startRedisProcess(args: string[]): Promise<RedisProcess> {
  let child = await spawnReady(args);
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return {
    get pid() {
      return child.pid as number;
    },
    kill,
    async restart() {
      await kill();
      child = await spawnReady(args);
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

async function spawnReady(args: string[]): Promise<ChildProcess> {
  // A pipe of its own: a server that outlives a spec that broke off would else keep the whole run from ending.
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  const output: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`redis-server cannot be started: ${error.message}. Is it installed?`)),
    );
    child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${output.join('\n')}`)));
    createInterface(child.stdout as NodeJS.ReadableStream).on('line', (line) => {
      output.push(line);
      // A sentinel says the second.
      if (/ready to accept connections|Sentinel ID is/i.test(line)) resolve();
    });
  });
  await ready;
  child.removeAllListeners('exit');
  return child;
}

/** Clients that a server of the tests has given out, to be closed with it. */
export class TestClients {
  private readonly clients: Redis[] = [];

  /** A client as the user of the tests. */
  open(options: RedisOptions): Redis {
    return this.add(new Redis({ disconnectTimeout: 50, ...TESTS, ...options }));
  }

  /** Closes this one too. */
  add(client: Redis): Redis {
    client.on('error', () => undefined);
    this.clients.push(client);
    return client;
  }

  async close(): Promise<void> {
    await Promise.all(this.clients.map(disconnect));
  }
}

async function disconnect(client: Redis): Promise<void> {
  // Not once() of node:events, which fails when the connection ends in an error.
  const ended = client.status === 'ready' ? new Promise((resolve) => client.once('end', resolve)) : undefined;
  client.disconnect();
  await ended;
}

// Below those that systems give to outgoing connections: one of these could take a port before its server does, or while it
// is down. Of each eight, a worker of Jest's has one.
const [FIRST_PORT, PORT_GROUPS, WORKERS] = [10_000, 2_750, 8];

/** Ports of 127.0.0.1 that nobody listened on just now, and that no other worker is given. */
export async function freePorts(count: number): Promise<number[]> {
  const worker = Number(process.env['JEST_WORKER_ID'] ?? 0) % WORKERS;
  const servers = new Map<number, Server>();
  while (servers.size < count) {
    const port = FIRST_PORT + WORKERS * Math.floor(Math.random() * PORT_GROUPS) + worker;
    const server = createServer();
    const listens = await new Promise((resolve) => {
      server.once('listening', () => resolve(true)).once('error', () => resolve(false));
      server.listen(port, HOST);
    });
    if (listens) servers.set(port, server);
  }
  await Promise.all([...servers.values()].map((server) => once(server.close(), 'close')));
  return [...servers.keys()];
}

/** Asks until the answer is yes. For what a server says only when it is asked. */
export async function poll(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await delay(10);
}
