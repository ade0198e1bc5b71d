import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Cluster, Redis } from 'ioredis';
import { RedisSessionStore } from '../src/session/index.js';
import { startCluster, type TestCluster } from './support/redis-cluster.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';

const REQUESTS = 50;

/** How often servers have read from a connection so far. A reading of several kilobytes is one. */
async function readings(servers: Redis[]): Promise<number> {
  const infos = await Promise.all(servers.map((server) => server.info('stats')));
  return infos.reduce(
    (sum, info) => sum + Number(/total_reads_processed:(\d+)/.exec(info)?.[1]),
    // What asking has cost.
    -servers.length,
  );
}

async function readingsDuring(servers: Redis[], act: () => Promise<unknown>): Promise<number> {
  const before = await readings(servers);
  await act();
  return (await readings(servers)) - before - servers.length;
}

const storeWith = (client: Redis | Cluster) =>
  new RedisSessionStore({
    client,
    indexKeys: ['an-index-key-of-the-tests-and-only'],
    userId: (session) => (session as { userId?: string }).userId,
  });

/** Sessions of as many people, each of them in use already. */
async function sessionsIn(store: RedisSessionStore): Promise<string[]> {
  const tokens = Array.from({ length: REQUESTS }, (_, i) => store.createSessionId(`user-${i}`));
  for (const [i, token] of tokens.entries())
    await store.set(token, { cookie: { originalMaxAge: null }, userId: `user-${i}` } as never);
  return tokens;
}

describe('commands that meet in one turn of the event loop', () => {
  describe('for one server', () => {
    let redis: TestRedis;
    let store: RedisSessionStore;
    let observer: Redis;
    let tokens: string[];

    beforeAll(async () => {
      redis = await startSingleRedis();
      store = storeWith(redis.client());
      observer = redis.client();
      tokens = await sessionsIn(store);
    });
    afterAll(() => redis.stop());

    it('reach it in one write, reads and scripts alike', async () => {
      let loaded: unknown[] = [];
      const ofReads = await readingsDuring([observer], async () => {
        loaded = await Promise.all(tokens.map((token) => store.get(token)));
      });
      expect(loaded).toHaveLength(REQUESTS);
      expect(loaded).not.toContain(null);
      expect(ofReads).toBe(1);
      const ofScripts = await readingsDuring([observer], () =>
        Promise.all(tokens.map((token) => store.destroy(token))),
      );
      expect(ofScripts).toBe(1);
    });

    it('are sent and answered, too, when the client is told to end meanwhile', async () => {
      const client = redis.client();
      await client.ping();
      const other = storeWith(client);
      await other.get(tokens[0] as string);
      const asked = other.get(tokens[0] as string);
      client.disconnect();
      await expect(asked).resolves.toBeNull();
    });
  });

  it('reach each server of a cluster in one write', async () => {
    const cluster: TestCluster = await startCluster();
    try {
      const store = storeWith(cluster.client());
      const tokens = await sessionsIn(store);
      const servers = cluster.primaries.map(({ admin }) => admin);
      const asked = await readingsDuring(servers, () => Promise.all(tokens.map((token) => store.get(token))));
      // Servers of a cluster talk to each other, but on connections that are not counted here.
      expect(asked).toBeLessThanOrEqual(servers.length);
    } finally {
      await cluster.stop();
    }
  }, 30_000);
});
