import { afterEach, describe, expect, it } from '@jest/globals';
import type { Cluster, ClusterOptions, RedisOptions } from 'ioredis';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { type JournalEntry, RevocationJournal } from '../src/session/index.js';
import { type ClusterNode, startCluster } from './support/redis-cluster.js';
import { poll } from './support/redis-process.js';
import { startSentinel } from './support/redis-sentinel.js';
import { startSessionContext, type SessionContext } from './support/session-context.js';

// As the program connects: nobody waits for a Redis that is away.
const CONNECTION: RedisOptions = {
  commandTimeout: 500,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
};

const CLUSTER: ClusterOptions = {
  enableOfflineQueue: false,
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  maxRedirections: 4,
  slotsRefreshInterval: 1_000,
  slotsRefreshTimeout: 500,
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

/** A journal in memory, which a database would be. */
class MemoryJournal extends RevocationJournal {
  private readonly kept: { atMs: number; entry: JournalEntry }[] = [];

  record(entry: JournalEntry): Promise<void> {
    this.kept.push({ atMs: Date.now(), entry });
    return Promise.resolve();
  }

  async *entries(sinceMs: number): AsyncGenerator<JournalEntry[]> {
    yield await Promise.resolve(this.kept.filter(({ atMs }) => atMs >= sinceMs).map(({ entry }) => entry));
  }

  nowMs(): Promise<number> {
    return Promise.resolve(Date.now());
  }
}

describe('a cluster with a journal', () => {
  it('serves the users of the other shards while one is away, and those of that one when it has its entries', async () => {
    const cluster = await startCluster({ args: ['--cluster-require-full-coverage', 'no'] });
    closing.push(() => cluster.stop());
    const journal = new MemoryJournal();
    const start = async () => {
      const client = cluster.client({ ...CLUSTER, redisOptions: CONNECTION });
      await once(client, 'ready');
      const context = await startSessionContext(client, { journal });
      closing.push(() => context.close());
      return context;
    };
    const before = await start();
    const { keys } = before.store.engine.redis;
    const tagOf = (user: string) => before.store.engine.ring.current(user);
    const placeOf = async (key: string) => {
      const slot = await cluster.slotOf(key);
      return cluster.primaries.find(({ port }) =>
        (before.store.engine.redis.ungated as Cluster).slots[slot]?.[0]?.endsWith(`:${port}`),
      );
    };
    const everyone = await placeOf(keys.epoch());
    const away = cluster.primaries.find((primary) => primary !== everyone) as ClusterNode;
    const users = Array.from({ length: 12 }, (_, i) => `user-${i}`);
    const ids = new Map<string, string>();
    // Refused until the node has looked through the journal for every shard.
    const logIn = (user: string) =>
      before.logIn(user).then(
        (id) => ids.set(user, id).has(user),
        () => false,
      );
    for (const user of users) await poll(() => logIn(user));
    const theirs: string[] = [];
    for (const user of users) if ((await placeOf(keys.index(tagOf(user)))) === away) theirs.push(user);
    const others = users.filter((user) => !theirs.includes(user));
    expect([theirs.length > 0, others.length > 1]).toEqual([true, true]);
    // What it comes back with.
    await away.admin.save();
    const [stays, ...ended] = others as [string, ...string[]];
    for (const user of [...theirs, ...ended]) await before.sessions.revokeAll(user);
    await away.kill();

    const read = (node: SessionContext, user: string) =>
      node.sessions
        .update(user, ids.get(user) as string, () => undefined)
        .then(
          () => 'read',
          (error: Error) => error.constructor.name,
        );
    const after = await start();
    for (const node of [before, after]) {
      await poll(async () => (await read(node, stays)) === 'read');
      expect(await Promise.all(theirs.map((user) => read(node, user)))).toEqual(
        theirs.map(() => 'SessionStoreUnavailableError'),
      );
      expect(await node.sessions.takeTicket(stays)).toBeDefined();
    }
    await away.restart();
    for (const node of [before, after]) {
      await poll(async () => {
        const answers = await Promise.all(theirs.map((user) => read(node, user)));
        expect(answers).not.toContain('read');
        return answers.every((answer) => answer === 'SessionEndedError');
      });
      expect(await read(node, stays)).toBe('read');
    }
  }, 60_000);
});

describe('a cluster', () => {
  const startReplicated = async () => {
    const cluster = await startCluster({ replicas: 1 });
    closing.push(() => cluster.stop());
    const client = cluster.client({ redisOptions: CONNECTION });
    await once(client, 'ready');
    const node = await startSessionContext(client, { durability: { mode: 'replicated' } });
    closing.push(() => node.close());
    return { cluster, client, node };
  };

  it('has each revocation confirmed by the replica of the primary that it was made on', async () => {
    const { cluster, client, node } = await startReplicated();
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
    const { cluster, node } = await startReplicated();
    await node.logIn('ada');
    const { ring, redis } = node.store.engine;
    const slot = await cluster.slotOf(redis.keys.index(ring.current('ada')));
    for (const primary of cluster.primaries) {
      await cluster.moveSlot(slot, primary);
      expect(await node.sessions.revokeAll('ada')).toEqual({ revoked: expect.any(Number), durable: true });
    }
  }, 60_000);
});
