import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';

import type { Operation } from '../src/session/index.js';
import { intercept } from './support/intercept.js';
import { type ClusterNode, startCluster, type TestCluster } from './support/redis-cluster.js';
import { startRedis } from './support/redis-server.js';
import { type SessionHost, startSessionHost } from './support/session-host.js';

jest.setTimeout(60_000);

let host: SessionHost;
const finished = async (id: string): Promise<Operation> => {
  for (;;) {
    const operation = await host.sessions.findOperation(id).catch(() => undefined);
    if (operation?.state === 'done') return operation;
    await delay(10);
  }
};

describe('ending everybody’s sessions while slots move', () => {
  let cluster: TestCluster;
  let client: Cluster;
  afterEach(async () => {
    await host.close();
    await cluster.stop();
  });

  /**
   * People on every server, and one of the last server that a scan comes to whose slot will move to the first. Runs
   * `move` when the scan is about to reach that last server, each time it gets there.
   */
  const arrange = async (move: (slot: number, to: ClusterNode, visit: number) => Promise<void>) => {
    cluster = await startCluster();
    client = cluster.client();
    host = await startSessionHost(client);
    await Promise.all(Array.from({ length: 30 }, (_, i) => host.login(`user=user-${i}`)));
    const nodes = client.nodes('master');
    const [first, last] = [nodes[0] as Redis, nodes.at(-1) as Redis];
    const [index] = (await last.keys('lk:idx:*')) as [string];
    const slot = await cluster.slotOf(index);
    const to = cluster.primaries.find(({ port }) => port === first.options.port) as ClusterNode;
    const passes = { count: 0 };
    intercept(last, 'scan', async (args, proceed) => {
      if (args[0] === '0') {
        passes.count += 1;
        await move(slot, to, passes.count);
      }
      return proceed();
    });
    return { slot, to, passes };
  };

  it('scans again when a slot has gone to a server that was scanned already', async () => {
    const { passes } = await arrange(async (slot, to, visit) => {
      if (visit === 1) await cluster.moveSlot(slot, to);
    });
    const { operationId } = await host.sessions.revokeEveryone();
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 30 });
    expect(passes.count).toBe(2);
    expect(await cluster.keys('lk:[si]*')).toEqual([]);
  });

  it('does not end while a slot is open and its sessions may be on their way', async () => {
    let finish = (): Promise<void> => Promise.resolve();
    let open: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    await arrange(async (slot, to, visit) => {
      if (visit > 1) return;
      const move = await cluster.beginMove(slot, to);
      await move.moveKeys();
      finish = () => move.finish();
      open();
    });
    const { operationId } = await host.sessions.revokeEveryone();
    await opened;
    // Long enough for several scans: the sessions that moved cannot be reached, and are not forgotten.
    for (let i = 0; i < 20; i += 1) {
      expect((await host.sessions.findOperation(operationId))?.state).toBe('running');
      await delay(10);
    }
    expect(await cluster.keys('lk:sess:*')).not.toEqual([]);
    await finish();
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 30 });
    expect(await cluster.keys('lk:[si]*')).toEqual([]);
  });
});

describe('ending everybody’s sessions while the server restarts', () => {
  it('scans again, for its place means nothing to the new process', async () => {
    const redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
    const client = redis.client({ commandTimeout: 500, maxRetriesPerRequest: 0 });
    host = await startSessionHost(client);
    await Promise.all(Array.from({ length: 300 }, (_, i) => host.login(`user=user-${i}`)));
    let chunks = 0;
    const begun: number[] = [];
    intercept(client, 'scan', async (args, proceed) => {
      chunks += 1;
      if (args[0] === '0') begun.push(chunks);
      if (chunks === 2) await redis.restart();
      return proceed();
    });
    const { operationId } = await host.sessions.revokeEveryone();
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 300 });
    expect(begun.length).toBeGreaterThanOrEqual(2);
    expect(await redis.client().keys('lk:[si]*')).toEqual([]);
    await host.close();
    await redis.stop();
  });
});
