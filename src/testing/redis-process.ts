import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { Redis, type RedisOptions } from 'ioredis';

/** A redis-server, or a sentinel, that is a process of a test. */
export interface RedisProcess {
  pid: number;
  /** Ends the process at once, as a crash does; its files stay. */
  kill(): Promise<void>;
  /** Starts the process again with the same arguments, after `kill`. */
  restart(): Promise<void>;
  /** Stops the process from answering without ending it. */
  freeze(): void;
  /** Lets a frozen process go on where it was. */
  thaw(): void;
}

/** Starts a server and waits for the line that says it is ready: milliseconds on a quiet machine, seconds on a busy one. */
export async function startRedisProcess(args: string[], program = 'redis-server'): Promise<RedisProcess> {
  let child = await spawnReady(program, args);
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
      child = await spawnReady(program, args);
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
  };
}

async function spawnReady(program: string, args: string[]): Promise<ChildProcess> {
  // A pipe of its own: a server that outlives a spec that broke off would else keep the whole run from ending.
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  const output: string[] = [];
  const ready = new Promise<void>((resolve, reject) => {
    child.once('error', (error) =>
      reject(new Error(`${program} cannot be started: ${error.message}. Is it installed?`)),
    );
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}:\n${output.join('\n')}`)));
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

/** Clients that a server of a test has given out, to be closed with it. */
export class RedisClients {
  private readonly clients: Redis[] = [];

  /** A client that waits no longer than that for a server which does not answer when it is closed. */
  open(options: RedisOptions): Redis {
    return this.add(new Redis({ disconnectTimeout: 50, ...options }));
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
