import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { startCluster } from './redis-cluster.js';
import type { RedisProcess } from './redis-process.js';
import { NAME, startSentinel } from './redis-sentinel.js';
import { makeCertificates, type TestCertificates } from './tls.js';

/** What `LATCHKEY_TEST_REDIS` may name besides `single`. */
export type SetTopology = 'sentinel' | 'cluster';

/** Several servers that belong together, as any process can find them. */
export interface RedisSet {
  topology: SetTopology;
  /** What `REDIS_URL` is set to for it. */
  url: string;
  /** Ports of the servers that hold data. */
  ports: number[];
  /** Ports of the sentinels. */
  sentinels: number[];
  /** Where the certificates are, when it speaks TLS. */
  certificates: string | undefined;
}

// A busy machine must not look like a primary that is gone: nobody kills those of a shared set.
const PATIENCE_MS = '60000';

/** A set whose processes are this process's. */
export interface OwnedSet extends RedisSet {
  /** All processes of it: those with data first. */
  processes: RedisProcess[];
  /** Where their files are. */
  directory: string;
  /** From now on a server may be silent for a minute before others take its place. */
  bePatient(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * One primary with two replicas and three sentinels, or three primaries with a replica each.
 * @param args further arguments for every server with data
 */
export async function startSet(
  topology: SetTopology,
  { args = [], tls }: { args?: string[]; tls?: TestCertificates | undefined } = {},
): Promise<OwnedSet> {
  const secure = tls && { tls };
  if (topology === 'cluster') {
    const cluster = await startCluster({ replicas: 1, args, ...secure });
    const nodes = [...cluster.primaries, ...cluster.replicas];
    return {
      ...{ topology, url: cluster.url, certificates: tls?.directory, sentinels: [] },
      ports: nodes.map(({ port }) => port),
      processes: nodes,
      directory: cluster.directory,
      async bePatient() {
        for (const { admin } of nodes) await admin.config('SET', 'cluster-node-timeout', PATIENCE_MS);
      },
      stop: () => cluster.stop(),
    };
  }
  const sentinel = await startSentinel({ args, ...secure });
  return {
    ...{ topology, url: sentinel.url, certificates: tls?.directory },
    ports: sentinel.servers.map(({ port }) => port),
    sentinels: sentinel.sentinels.map(({ port }) => port),
    processes: [...sentinel.servers, ...sentinel.sentinels],
    directory: sentinel.directory,
    async bePatient() {
      // They would also be seen in MONITOR, where ioredis breaks when something is in its first packet already.
      const seldom = ['INFO-PERIOD', 'PUBLISH-PERIOD', 'PING-PERIOD'].flatMap((name) => [name, '20000']);
      for (const { admin } of sentinel.sentinels) {
        await admin.call('SENTINEL', 'SET', NAME, 'down-after-milliseconds', PATIENCE_MS);
        await admin.call('SENTINEL', 'DEBUG', ...seldom);
      }
    },
    stop: () => sentinel.stop(),
  };
}

/**
 * Starts sets that spec files use one after the other: starting one per file would cost as much as the tests in it.
 * Whatever ends this process, Ctrl-C and SIGKILL included, ends them too.
 *
 * @returns them, and how to end them and remove their files
 */
export async function startSets(
  topology: SetTopology,
  count: number,
  overTls: boolean,
): Promise<{ sets: RedisSet[]; stop: () => Promise<void> }> {
  const tls = overTls ? makeCertificates() : undefined;
  const owned = await Promise.all(Array.from({ length: count }, () => startSet(topology, { tls })));
  await Promise.all(owned.map((set) => set.bePatient()));
  const pids = owned.flatMap(({ processes }) => processes.map(({ pid }) => pid));
  const directories = [...owned.map(({ directory }) => directory), ...(tls ? [tls.directory] : [])];
  // Its input ends when this process does. In a group of its own, so that a terminal's Ctrl-C does not end it first.
  const keeper = spawn(
    'sh',
    ['-c', 'cat >/dev/null; kill -9 $0 2>/dev/null; rm -rf -- "$@"', pids.join(' '), ...directories],
    { detached: true, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  return {
    sets: owned.map(({ url, ports, sentinels, certificates }) => ({
      ...{ topology, url, ports, sentinels, certificates },
    })),
    async stop() {
      const ended = once(keeper, 'exit');
      keeper.stdin.end();
      await ended;
    },
  };
}
