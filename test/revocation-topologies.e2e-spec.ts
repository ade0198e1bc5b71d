import { afterEach, describe, expect, it } from '@jest/globals';
import type { RedisOptions } from 'ioredis';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { startCluster } from './support/redis-cluster.js';
import { startSentinel } from './support/redis-sentinel.js';
import { startSessionContext, type SessionContext } from './support/session-context.js';

// As the program connects: nobody waits for a Redis that is away.
const CONNECTION: RedisOptions = {
  commandTimeout: 500,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
};

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const aliveOf = async (node: SessionContext, users: string[]): Promise<string[]> => {
  const counts = await Promise.all(users.map((user) => node.sessions.count(user)));
  return users.filter((_, i) => (counts[i] as number) > 0);
};

describe('a planned failover, with nodes that go on writing to the old primary', () => {
  it('undoes no revocation that was answered as durable, and others', async () => {
    const sentinel = await startSentinel();
    closing.push(() => sentinel.stop());
    const old = await sentinel.primary();
    const node = async (mode: 'local' | 'replicated') => {
      // Of the old primary, whoever the sentinels name.
      const client = old.admin.duplicate(CONNECTION);
      client.on('error', () => undefined);
      await once(client, 'ready');
      const context = await startSessionContext(client, { durability: { mode, replicas: 2 } });
      closing.push(async () => {
        await context.close();
        client.disconnect();
      });
      return context;
    };
    const nodes = { local: await node('local'), replicated: await node('replicated') };
    const users = Array.from({ length: 600 }, (_, i) => `user-${i}`);
    for (const user of users) await nodes.local.logIn(user);
    await old.admin.set('tests:done', '');
    expect(await old.admin.wait(2, 5_000)).toBe(2);

    const answered = { durable: [] as string[], notDurable: [] as string[] };
    let over = false;
    const revoke = async (mode: 'local' | 'replicated', mine: string[]) => {
      for (const user of mine) {
        if (over) return;
        const revocation = await nodes[mode].sessions.revokeAll(user).catch(() => null);
        if (revocation) answered[revocation.durable ? 'durable' : 'notDurable'].push(user);
        await delay(5);
      }
    };
    const revoking = [revoke('local', users.slice(0, 300)), revoke('replicated', users.slice(300))];
    await delay(300);
    // As often as in earnest: whoever is told later than four such periods takes the promoted one for a mistake.
    for (const { admin } of sentinel.sentinels)
      await admin.call('SENTINEL', 'DEBUG', 'PUBLISH-PERIOD', '1000');
    const [first] = sentinel.sentinels as [(typeof sentinel.sentinels)[number]];
    await first.admin.call('SENTINEL', 'FAILOVER', 'the-primary');
    while ((await sentinel.primary()) === old) await delay(20);
    while (!(await old.admin.info('replication')).includes('role:slave')) await delay(20);
    over = true;
    await Promise.all(revoking);

    const successor = await startSessionContext((await sentinel.primary()).admin);
    closing.push(() => successor.close());
    expect(answered.durable.length).toBeGreaterThan(10);
    expect(await aliveOf(successor, answered.durable)).toEqual([]);
    expect(await aliveOf(successor, answered.notDurable)).not.toEqual([]);
  }, 60_000);
});

describe('a cluster', () => {
  it('has each revocation confirmed by the replica of the primary that it was made on', async () => {
    const cluster = await startCluster({ replicas: 1 });
    closing.push(() => cluster.stop());
    const client = cluster.client({ redisOptions: CONNECTION });
    await once(client, 'ready');
    const node = await startSessionContext(client, { durability: { mode: 'replicated' } });
    closing.push(() => node.close());
    const users = Array.from({ length: 12 }, (_, i) => `user-${i}`);
    for (const user of users) await node.logIn(user);
    const durable = async () =>
      Promise.all(users.map(async (user) => (await node.sessions.revokeAll(user)).durable));
    expect(await durable()).toEqual(users.map(() => true));

    cluster.replicas[0]?.freeze();
    const { ring, redis } = node.store.engine;
    const [first] = cluster.primaries;
    const own = await Promise.all(
      users.map(async (user) => {
        const slot = await cluster.slotOf(redis.keys.index(ring.current(user)));
        return client.slots[slot]?.[0] === `127.0.0.1:${first.port}`;
      }),
    );
    expect(new Set(own).size).toBe(2);
    expect(await durable()).toEqual(own.map((isOfTheFirst) => !isOfTheFirst));
    cluster.replicas[0]?.thaw();
  }, 60_000);

  it('goes on after a slot has moved, with the replica of its new primary', async () => {
    const cluster = await startCluster({ replicas: 1 });
    closing.push(() => cluster.stop());
    const client = cluster.client({ redisOptions: CONNECTION });
    await once(client, 'ready');
    const node = await startSessionContext(client, { durability: { mode: 'replicated' } });
    closing.push(() => node.close());
    await node.logIn('ada');
    const { ring, redis } = node.store.engine;
    const slot = await cluster.slotOf(redis.keys.index(ring.current('ada')));
    for (const primary of cluster.primaries) {
      await cluster.moveSlot(slot, primary);
      expect(await node.sessions.revokeAll('ada')).toEqual({ revoked: expect.any(Number), durable: true });
    }
  }, 60_000);
});
