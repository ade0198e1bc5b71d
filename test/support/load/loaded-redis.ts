import type { Redis } from 'ioredis';

import { startCluster, type ClusterNode } from '../redis-cluster.js';
import { poll, type RedisProcess } from '../redis-process.js';
import { startSentinel, type SentinelNode } from '../redis-sentinel.js';
import { programMayOnly } from '../redis-server.js';

/** How a primary goes: its process ends, or it hangs and its connections stay open. */
export type Blow = 'kill' | 'freeze';

/** A Redis with replicas, whose primaries can be taken away. */
export interface LoadedRedis {
  name: 'sentinel' | 'cluster';
  url: string;
  /** How many servers may take the place of a primary. */
  replicas: number;
  /** @returns whether every replica has what was acknowledged before the call */
  barrier(): Promise<boolean>;
  /**
   * Takes a primary away. Resolves when another server has its place.
   * @returns which slots were on it
   */
  strike(blow: Blow): Promise<{ first: number; last: number }>;
  /** The slot of a user's keys; 0 where there are none. */
  slotOf(tag: string): Promise<number>;
  /** Brings what was taken away back, as a replica. Resolves when all is as it was, but for the roles. */
  mend(): Promise<void>;
  stop(): Promise<void>;
}

// Waits for nothing that takes longer, since it is asked again.
const WAIT_MS = 500;

/** @returns whether `replicas` servers have what this one has executed until now */
async function reachesReplicas(admin: Redis, key: string, replicas: number): Promise<boolean> {
  await admin.set(key, '1');
  return (await admin.wait(replicas, WAIT_MS)) >= replicas;
}

function strikeAt(server: RedisProcess, blow: Blow): Promise<void> | void {
  return blow === 'kill' ? server.kill() : server.freeze();
}

/** Resolves when it follows its successor. */
async function raise(
  down: { server: RedisProcess & { admin: Redis }; blow: Blow } | undefined,
): Promise<void> {
  if (!down) return;
  const { server, blow } = down;
  if (blow === 'kill') await server.restart();
  else server.thaw();
  await poll(async () =>
    /^role:slave[^]*^master_link_status:up/m.test(await server.admin.info('replication')),
  );
}

async function hasReplicas(admin: Redis, count: number): Promise<boolean> {
  const info = await admin.info('replication');
  return /^role:master/m.test(info) && (info.match(/^slave\d+:.*state=online/gm) ?? []).length === count;
}

/** A primary with two replicas and three sentinels. */
export async function loadedSentinel(): Promise<LoadedRedis> {
  const sentinel = await startSentinel({ args: programMayOnly() });
  let down: { server: SentinelNode; blow: Blow } | undefined;
  return {
    name: 'sentinel',
    url: sentinel.url,
    replicas: 2,
    barrier: async () => reachesReplicas((await sentinel.primary()).admin, 'barrier', 2),
    async strike(blow) {
      const server = await sentinel.primary();
      down = { server, blow };
      await strikeAt(server, blow);
      await poll(async () => (await sentinel.primary()) !== server);
      return { first: 0, last: 0 };
    },
    slotOf: () => Promise.resolve(0),
    async mend() {
      await raise(down);
      down = undefined;
      await poll(async () => hasReplicas((await sentinel.primary()).admin, 2));
    },
    stop: () => sentinel.stop(),
  };
}

/** Three primaries with a replica each. A shard that is away takes no other with it. */
export async function loadedCluster(): Promise<LoadedRedis> {
  const cluster = await startCluster({
    replicas: 1,
    args: [...programMayOnly('cluster'), '--cluster-require-full-coverage', 'no'],
  });
  const servers: ClusterNode[] = [...cluster.primaries, ...cluster.replicas];
  const barrierKeys = new Map<ClusterNode, string>();
  let down: { server: ClusterNode; blow: Blow } | undefined;

  const view = async (): Promise<{ first: number; last: number; owner: ClusterNode }[]> => {
    const asked = servers.find((server) => server !== down?.server) as ClusterNode;
    return (await asked.admin.cluster('SLOTS')).map(([first, last, primary]) => ({
      first,
      last,
      owner: servers.find(({ id }) => id === primary?.[2]) as ClusterNode,
    }));
  };
  /** A key that lies on this server. */
  const barrierKeyOf = async (owner: ClusterNode, first: number, last: number): Promise<string> => {
    for (let i = 0; ; i += 1) {
      const slot = await cluster.slotOf(`barrier-${i}`);
      if (first <= slot && slot <= last) {
        barrierKeys.set(owner, `barrier-${i}`);
        return `barrier-${i}`;
      }
    }
  };
  return {
    name: 'cluster',
    url: cluster.url,
    replicas: 1,
    async barrier() {
      const reached = (await view()).map(async ({ first, last, owner }) => {
        const key = barrierKeys.get(owner) ?? (await barrierKeyOf(owner, first, last));
        return reachesReplicas(owner.admin, key, 1);
      });
      return (await Promise.all(reached)).every(Boolean);
    },
    async strike(blow) {
      const ranges = await view();
      const hit = ranges[Math.floor(Math.random() * ranges.length)] as (typeof ranges)[0];
      down = { server: hit.owner, blow };
      barrierKeys.clear();
      await strikeAt(hit.owner, blow);
      await poll(async () => (await view()).every(({ owner }) => owner !== hit.owner));
      return { first: hit.first, last: hit.last };
    },
    slotOf: (tag) => cluster.slotOf(`{${tag}}`),
    async mend() {
      await raise(down);
      down = undefined;
      await Promise.all(
        servers.map(({ admin }) =>
          poll(async () => String(await admin.cluster('INFO')).includes('cluster_state:ok')),
        ),
      );
      await poll(async () => {
        const owners = new Set((await view()).map(({ owner }) => owner));
        return (
          owners.size === cluster.primaries.length &&
          (await Promise.all([...owners].map(({ admin }) => hasReplicas(admin, 1)))).every(Boolean)
        );
      });
    },
    stop: () => cluster.stop(),
  };
}
