import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

import { LoadDriver } from './support/load/driver.js';
import { type LoadedNodes, startNodes } from './support/load/nodes.js';
import { moveSlots, slotsOf } from './support/load/shards.js';
import { type ClusterNode, startCluster, type TestCluster } from './support/redis-cluster.js';
import { poll } from './support/redis-process.js';
import { programMayOnly } from './support/redis-server.js';
import { runs } from './support/soak.js';

jest.setTimeout(120_000);

const NODES = 2;
const ACTS = [
  'read',
  'fill-cart',
  'read-cart',
  'list',
  'login',
  'logout',
  'revoke-one',
  'revoke-others',
  'revoke-all',
];
// None on a quiet machine; on a busy one a slot is open for longer than a request can wait.
const SHARE_OF_503 = 0.03;

let cluster: TestCluster;
let nodes: LoadedNodes;
let driver: LoadDriver;
beforeEach(async () => {
  cluster = await startCluster({ args: programMayOnly('cluster') });
  nodes = await startNodes(NODES, cluster.url);
  // Nothing is replicated, and nothing dies: what was acknowledged stays.
  const barrier = (): Promise<boolean> => Promise.resolve(true);
  driver = new LoadDriver({ urls: nodes.urls, rate: runs(100, 500), users: 60, barrier });
  await driver.start();
});
afterEach(async () => {
  await driver.stop();
  await nodes.stop();
  await cluster.stop();
});

it('logs nobody out and loses nothing when a shard is added under load and another one removed', async () => {
  const [leaving, ...staying] = cluster.primaries;
  const added = await cluster.join();
  for (const from of cluster.primaries) {
    const others = cluster.primaries.filter((one) => one !== from);
    const slots = (await slotsOf(cluster, from)).filter((slot) => slot % 4 === 0);
    await moveSlots(slots, from, added, others);
  }
  // Both nodes of the program have found it.
  await poll(async () => (await programsAt(added)) >= NODES);
  expect(await added.admin.dbsize()).toBeGreaterThan(0);

  await moveSlots(await slotsOf(cluster, leaving), leaving, added, staying);
  await cluster.leave(leaving);
  await driver.recovered(700, 30_000);
  await nobodyAsksAt(leaving.port);

  await driver.finish();
  expect(driver.model.violations).toEqual([]);
  expect(new Set(driver.samples.map(({ act }) => act))).toEqual(new Set(ACTS));
  const unavailable = driver.samples.filter(({ status }) => status === 503);
  expect(unavailable.length).toBeLessThanOrEqual(driver.samples.length * SHARE_OF_503);
  expect(await nodes.doctor()).toContain('nothing is wrong');
  expect(nodes.running()).toBe(true);
});

/** How many connections of the program there are at a server. */
async function programsAt({ admin }: ClusterNode): Promise<number> {
  return String(await admin.client('LIST')).match(/ user=default /g)?.length ?? 0;
}

/** Resolves when for a while nobody has tried to connect to the port of a server that is gone. */
async function nobodyAsksAt(port: number): Promise<void> {
  let askedMs = performance.now();
  const listener = createServer((socket) => {
    askedMs = performance.now();
    socket.destroy();
  });
  await new Promise<void>((resolve) => listener.listen(port, '127.0.0.1', resolve));
  // Who has not heard of its end yet tries at least twice a second.
  while (performance.now() - askedMs < 2_000) await delay(100);
  await new Promise((resolve) => listener.close(resolve));
}
