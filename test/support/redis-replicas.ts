import type { Redis, RedisOptions } from 'ioredis';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import {
  freePorts,
  poll,
  startRedisProcess,
  TestClients,
  TESTS,
  TESTS_USER,
  type RedisProcess,
} from './redis-process.js';
import { temporaryDirectory } from './temporary-directory.js';

const HOST = '127.0.0.1';

/** One server of {@link TestReplicas}. */
export interface ReplicaNode extends RedisProcess {
  port: number;
  /** A client of this server alone. */
  admin: Redis;
}

/** A primary and its replicas, of a spec file's own, on loopback ports; nobody promotes anything by itself. */
export interface TestReplicas {
  primary: ReplicaNode;
  replicas: ReplicaNode[];
  /** What `REDIS_URL` is set to for the primary. */
  url: string;
  /** Another client of the primary, closed by `stop`. */
  client(options?: RedisOptions): Redis;
  /** Resolves when every replica follows the primary, and has what it has. */
  linked(): Promise<void>;
  /** Ends the processes and removes their files. */
  stop(): Promise<void>;
}

export interface TestReplicasOptions {
  /** @default 2 */
  replicas?: number;
  /** Further arguments for every server. */
  args?: string[];
  /** The port through which replicas reach the primary, such as a proxy's. @default the primary's own */
  link?: (primaryPort: number) => Promise<number>;
}

/** Starts the servers. Resolves when every replica follows the primary. */
export async function startReplicas(options: TestReplicasOptions = {}): Promise<TestReplicas> {
  const { replicas: count = 2, args = [], link = (port) => Promise.resolve(port) } = options;
  const directory = temporaryDirectory('lk-replicas-');
  const clients = new TestClients();
  const start = async (port: number, more: string[]): Promise<ReplicaNode> => {
    const own = join(directory, String(port));
    await mkdir(own);
    const server = await startRedisProcess([
      ...['--port', String(port), '--bind', HOST, '--dir', own, '--save', '', '--appendonly', 'no'],
      ...['--repl-diskless-sync-delay', '0', '--masteruser', TESTS.username, '--masterauth', TESTS.password],
      ...TESTS_USER,
      ...args,
      ...more,
    ]);
    return {
      get pid() {
        return server.pid;
      },
      kill: () => server.kill(),
      restart: () => server.restart(),
      freeze: () => server.freeze(),
      thaw: () => server.thaw(),
      port,
      admin: clients.open({ host: HOST, port }),
    };
  };
  const [first = 0, ...others] = await freePorts(1 + count);
  const primary = await start(first, []);
  const source = await link(first);
  const replicas = await Promise.all(
    others.map((port) => start(port, ['--replicaof', HOST, String(source)])),
  );
  const linked = async (): Promise<void> => {
    for (const { admin } of replicas)
      await poll(async () => (await admin.info('replication')).includes('master_link_status:up'));
    // WAIT speaks of what its own connection has written. A primary may begin to send a second after the link is up.
    await primary.admin.set('tests:linked', '');
    await poll(async () => (await primary.admin.wait(count, 1_000)) === count);
    await primary.admin.del('tests:linked');
  };
  await linked();
  return {
    primary,
    replicas,
    url: `redis://${HOST}:${first}`,
    client: (clientOptions = {}) => clients.open({ host: HOST, port: first, ...clientOptions }),
    linked,
    async stop() {
      await clients.close();
      await Promise.all([primary, ...replicas].map((server) => server.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
