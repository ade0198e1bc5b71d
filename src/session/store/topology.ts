import type { Cluster, Redis } from 'ioredis';
import { primariesOf } from './scan.js';

const SLOTS = 16_384;

/** Which servers hold the keys. Two that are equal say that a scan between them has missed nothing that moved. */
export interface Topology {
  /** Every primary with its slots, and which process it is: SCAN cursors mean nothing to another one. */
  fingerprint: string;
  /** Whether slots are open, so that keys can move while the fingerprint stays. */
  moving: boolean;
}

/**
 * Asks every primary itself; what one server believes of another may be old.
 * Commands: INFO server, and on Cluster CLUSTER NODES, to each.
 * @throws Error when not every slot is held by a primary that the client knows. It looks for them again then.
 */
export async function readTopology(client: Redis | Cluster): Promise<Topology> {
  const primaries = await Promise.all(primariesOf(client).map((node) => readPrimary(node, client.isCluster)));
  if (client.isCluster && primaries.reduce((sum, { slots }) => sum + slots, 0) !== SLOTS) {
    (client as Cluster).refreshSlotsCache();
    throw new Error('Not every slot of the cluster is held by a primary that is known.');
  }
  return {
    fingerprint: primaries
      .map(({ identity }) => identity)
      .sort()
      .join('\n'),
    moving: primaries.some(({ moving }) => moving),
  };
}

async function readPrimary(
  node: Redis,
  isCluster: boolean,
): Promise<{ identity: string; slots: number; moving: boolean }> {
  const process = /^run_id:(\w+)/m.exec(await node.info('server'))?.[1] ?? '';
  if (!isCluster) return { identity: process, slots: 0, moving: false };
  const lines = String(await node.cluster('NODES')).split('\n');
  // <id> <address> <flags> <primary> <ping> <pong> <epoch> <link> <slots> …; an open slot is [<slot>->-<id>] or [<slot>-<-<id>].
  const own = lines.find((line) => /^\S+ \S+ \S*myself/.test(line))?.split(' ') ?? [];
  const ranges = own[2]?.includes('master') ? own.slice(8) : [];
  const owned = ranges.filter((range) => !range.startsWith('['));
  return {
    // With the epoch of its slots, so that a slot that went and came back counts as moved.
    identity: [own[0], process, own[6], ...ranges].join(' '),
    slots: owned.reduce((sum, range) => sum + sizeOf(range), 0),
    moving: owned.length < ranges.length,
  };
}

function sizeOf(range: string): number {
  const [first = '', last = first] = range.split('-');
  return Number(last) - Number(first) + 1;
}
