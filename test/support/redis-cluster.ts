import { Cluster, type ClusterOptions, type Redis } from 'ioredis';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  freePorts,
  HOST,
  listenOn,
  memberArgs,
  poll,
  startRedisProcess,
  TestClients,
  TESTS,
  type RedisProcess,
} from './redis-process.js';
import type { TestCertificates } from './tls.js';

const PRIMARIES = 3;
const SLOTS = 16_384;

/** One server of a {@link TestCluster}. */
export interface ClusterNode extends RedisProcess {
  /** Its id among the others. */
  id: string;
  port: number;
  /** A client of this server alone. */
  admin: Redis;
}

/** A Redis Cluster of a spec file's own, on loopback ports. Roles are those of the start. */
export interface TestCluster {
  primaries: [ClusterNode, ClusterNode, ClusterNode];
  replicas: ClusterNode[];
  /** Where all of its files are. */
  directory: string;
  /** What `REDIS_URL` is set to for it. */
  url: string;
  /** Another client of it, closed by `stop`. */
  client(options?: ClusterOptions): Cluster;
  slotOf(key: string): Promise<number>;
  /** Begins to move a slot to another primary, as `redis-cli --cluster reshard` does. */
  beginMove(slot: number, to: ClusterNode): Promise<SlotMove>;
  /** Moves a slot to another primary, keys and all. */
  moveSlot(slot: number, to: ClusterNode): Promise<void>;
  /** Keys that match a pattern, of all primaries. */
  keys(pattern: string): Promise<string[]>;
  flush(): Promise<void>;
  /** Starts a further primary, which has no slot yet. Resolves when all servers know each other. */
  join(): Promise<ClusterNode>;
  /** Ends a server that has no slot any more, and makes all others forget it. */
  leave(node: ClusterNode): Promise<void>;
  /** Ends the processes and removes their files. */
  stop(): Promise<void>;
}

/** A slot that is open: each of its keys lies in one of two servers. */
export interface SlotMove {
  /** Moves the keys that are there. */
  moveKeys(): Promise<void>;
  /** Gives the slot to its new owner. */
  finish(): Promise<void>;
}

export interface TestClusterOptions {
  /** Replicas of each primary. Default: none. */
  replicas?: number;
  /** Further arguments for every server. */
  args?: string[];
  /** The servers speak TLS only, and ask clients for a certificate. */
  tls?: TestCertificates;
}

/**
 * Starts a cluster of three primaries. Resolves when every server sees all the others and every slot answers: after a
 * little more than two seconds, for which Redis keeps a primary that has just started from taking writes.
 */
export async function startCluster({
  replicas = 0,
  args = [],
  tls,
}: TestClusterOptions = {}): Promise<TestCluster> {
  const directory = await mkdtemp(join(tmpdir(), 'lk-cluster-'));
  const clients = new TestClients();
  const opened: Cluster[] = [];
  const access = tls ? { ...TESTS, tls: tls.read() } : TESTS;
  const nodes = await startNodes(PRIMARIES * (1 + replicas), directory, clients, { args, tls });
  const [one, two, three] = nodes as [StartedNode, StartedNode, StartedNode, ...StartedNode[]];
  const primaries: TestCluster['primaries'] = [one, two, three];
  const joined: ClusterNode[] = [];
  const withSlots = () => [...primaries, ...joined].filter((node) => nodes.includes(node as StartedNode));
  await joinNodes(nodes, primaries);

  const beginMove = async (slot: number, to: ClusterNode): Promise<SlotMove> => {
    const from = await ownerOf(nodes, slot);
    await to.admin.cluster('SETSLOT', slot, 'IMPORTING', from.id);
    await from.admin.cluster('SETSLOT', slot, 'MIGRATING', to.id);
    return {
      moveKeys: () => migrateKeys(from.admin, slot, to.port),
      async finish() {
        for (const node of [to, ...withSlots().filter((one) => one !== to)])
          await node.admin.cluster('SETSLOT', slot, 'NODE', to.id);
      },
    };
  };
  return {
    primaries,
    replicas: nodes.slice(PRIMARIES),
    directory,
    url: `redis${tls ? 's' : ''}+cluster://${nodes.map(({ port }) => `${HOST}:${port}`).join(',')}`,
    client(options = {}) {
      const client = new Cluster(
        nodes.map(({ port }) => ({ host: HOST, port })),
        { ...options, redisOptions: { ...access, disconnectTimeout: 50, ...options.redisOptions } },
      );
      client.on('error', () => undefined);
      opened.push(client);
      return client;
    },
    slotOf: async (key) => Number(await primaries[0].admin.cluster('KEYSLOT', key)),
    beginMove,
    async moveSlot(slot, to) {
      if ((await ownerOf(nodes, slot)) === to) return;
      const move = await beginMove(slot, to);
      await move.moveKeys();
      await move.finish();
    },
    keys: async (pattern) =>
      (await Promise.all(withSlots().map(({ admin }) => admin.keys(pattern)))).flat().sort(),
    async flush() {
      await Promise.all(withSlots().map(({ admin }) => admin.flushall()));
    },
    async join() {
      const [node] = (await startNodes(1, directory, clients, { args, tls })) as [StartedNode];
      // From everybody, so that nobody has to wait until he hears of it.
      for (const { admin } of nodes) await introduce(admin, node);
      nodes.push(node);
      joined.push(node);
      await acquainted(nodes);
      await everyNode(nodes, async ({ admin }) => (await clusterInfo(admin)).includes('cluster_state:ok'));
      return node;
    },
    async leave(node) {
      nodes.splice(nodes.indexOf(node as StartedNode), 1);
      // First it: for as long as it talks to the others, they learn of it again.
      await node.kill();
      await Promise.all(nodes.map(({ admin }) => admin.cluster('FORGET', node.id)));
    },
    async stop() {
      for (const client of opened) client.disconnect();
      await clients.close();
      await Promise.all(nodes.map((node) => node.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface StartedNode extends ClusterNode {
  busPort: number;
}

async function startNodes(
  count: number,
  directory: string,
  clients: TestClients,
  { args, tls }: { args: string[]; tls: TestCertificates | undefined },
): Promise<StartedNode[]> {
  const ports = await freePorts(2 * count);
  return Promise.all(
    Array.from({ length: count }, async (_, i) => {
      const [port, busPort] = [ports[2 * i] as number, ports[2 * i + 1] as number];
      const own = join(directory, String(port));
      await mkdir(own);
      const server = await startRedisProcess([
        ...[...listenOn(port, tls), ...(tls ? ['--tls-cluster', 'yes'] : [])],
        ...['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '1000'],
        ...[...memberArgs(own), ...args],
      ]);
      const admin = clients.open({ host: HOST, port, ...(tls && { tls: tls.read() }) });
      const id = String(await admin.cluster('MYID'));
      return Object.assign(server, { id, port, busPort, admin });
    }),
  );
}

/** Makes a cluster of servers that do not know of each other; every further one replicates one of the primaries in turn. */
async function joinNodes(nodes: StartedNode[], primaries: ClusterNode[]): Promise<void> {
  const share = Math.ceil(SLOTS / primaries.length);
  for (const [i, { admin }] of primaries.entries()) {
    await admin.cluster('SET-CONFIG-EPOCH', i + 1);
    const last = Math.min((i + 1) * share, SLOTS) - 1;
    await admin.call('CLUSTER', 'ADDSLOTSRANGE', String(i * share), String(last));
  }
  const [first, ...others] = nodes as [StartedNode, ...StartedNode[]];
  for (const other of others) await introduce(first.admin, other);
  await acquainted(nodes);
  for (const [i, { admin }] of nodes.slice(primaries.length).entries()) {
    await admin.cluster('REPLICATE', (primaries[i % primaries.length] as ClusterNode).id);
  }
  await everyNode(nodes, async ({ admin }) => (await clusterInfo(admin)).includes('cluster_state:ok'));
  await everyNode(nodes.slice(primaries.length), async ({ admin }) =>
    (await admin.info('replication')).includes('master_link_status:up'),
  );
  // A client that starts at any of them has to find all of them in their roles.
  await everyNode(nodes, async ({ admin }) => {
    const lines = (await clusterNodes(admin)).trim().split('\n');
    return lines.filter((line) => line.includes('slave')).length === nodes.length - primaries.length;
  });
}

async function introduce(admin: Redis, { port, busPort }: StartedNode): Promise<void> {
  await admin.call('CLUSTER', 'MEET', HOST, String(port), String(busPort));
}

async function acquainted(nodes: StartedNode[]): Promise<void> {
  await everyNode(nodes, async ({ admin }) => {
    const known = /cluster_known_nodes:(\d+)/.exec(await clusterInfo(admin))?.[1];
    return Number(known) === nodes.length && !(await clusterNodes(admin)).includes('handshake');
  });
}

const clusterInfo = async (admin: Redis) => String(await admin.cluster('INFO'));
const clusterNodes = async (admin: Redis) => String(await admin.cluster('NODES'));

async function everyNode<T>(nodes: T[], holds: (node: T) => Promise<boolean>): Promise<void> {
  await Promise.all(nodes.map((node) => poll(() => holds(node))));
}

async function ownerOf(nodes: ClusterNode[], slot: number): Promise<ClusterNode> {
  const ranges = await (nodes[0] as ClusterNode).admin.cluster('SLOTS');
  const [, , primary] = ranges.find(([first, last]) => first <= slot && slot <= last) ?? [];
  const owner = nodes.find(({ id }) => id === primary?.[2]);
  if (owner === undefined) throw new Error(`Nobody has slot ${slot}.`);
  return owner;
}

/** Moves the keys of a slot that is open to the server on this port. */
export async function migrateKeys(from: Redis, slot: number, port: number): Promise<void> {
  for (;;) {
    const keys = await from.cluster('GETKEYSINSLOT', slot, 100);
    if (keys.length === 0) return;
    const login = ['AUTH2', TESTS.username, TESTS.password];
    await from.call('MIGRATE', HOST, String(port), '', '0', '5000', ...login, 'KEYS', ...keys);
  }
}
