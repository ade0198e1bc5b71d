import type { Cluster, Redis } from 'ioredis';

import { startCluster, type TestCluster } from './redis-cluster.js';
import { startSingleRedis } from './redis-server.js';

/** What a single server and a cluster have in common. */
export interface TestTopology {
  /** The cluster, when it is one. */
  cluster: TestCluster | undefined;
  /** A new client of all of it. */
  client(): Redis | Cluster;
  /** One client per server that holds keys. */
  admins: Redis[];
  /** How another process gets there: options for ioredis, of one server or of several. */
  address: object | object[];
  keys(pattern: string): Promise<string[]>;
  flush(): Promise<void>;
  stop(): Promise<void>;
}

async function startSingle(): Promise<TestTopology> {
  const redis = await startSingleRedis();
  const admin = redis.client();
  return {
    cluster: undefined,
    client: () => redis.client(),
    admins: [admin],
    address: { path: redis.socket },
    keys: async (pattern) => (await admin.keys(pattern)).sort(),
    flush: async () => void (await admin.flushall()),
    stop: () => redis.stop(),
  };
}

async function startClustered(): Promise<TestTopology> {
  const cluster = await startCluster();
  return {
    cluster,
    client: () => cluster.client(),
    admins: cluster.primaries.map(({ admin }) => admin),
    address: cluster.primaries.map(({ port }) => ({ host: '127.0.0.1', port })),
    keys: (pattern) => cluster.keys(pattern),
    flush: () => cluster.flush(),
    stop: () => cluster.stop(),
  };
}

/** For `describe.each`. */
export const TOPOLOGIES = [
  { name: 'a single server', start: startSingle },
  { name: 'a cluster', start: startClustered },
];
