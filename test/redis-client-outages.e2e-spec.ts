import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { Redis } from 'ioredis';

import { parseEnv } from '../src/config/index.js';
import { closeRedisClient, createRedisClient, ping } from '../src/redis/index.js';
import { poll } from './support/redis-process.js';
import { startSentinel } from './support/redis-sentinel.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

jest.setTimeout(60_000);

const clientOf = (url: string): Redis =>
  createRedisClient(
    parseEnv({
      REDIS_URL: url,
      SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
      SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
    }).redis,
  ) as Redis;
const refused = (reply: Promise<unknown>): Promise<string> =>
  reply.then(
    () => 'answered',
    (error: Error) => error.message,
  );
// Not that of node:events, which fails at an error meanwhile.
const heard = (client: Redis, event: string): Promise<void> =>
  new Promise((resolve) => client.once(event, () => resolve()));

beforeAll(() => {
  for (const level of ['log', 'warn'] as const)
    jest.spyOn(Logger.prototype, level).mockImplementation(() => undefined);
});

describe('the client of the program', () => {
  let redis: TestRedis;
  let behind: Redis;
  let proxy: TcpProxy;
  let client: Redis;
  beforeAll(async () => {
    redis = await startRedis();
    behind = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await behind.flushall();
    proxy = await startTcpProxy({ path: redis.socket });
    client = clientOf(proxy.url);
    await client.connect();
  });
  afterEach(async () => {
    client.disconnect();
    await proxy.close();
  });

  it('is told by its commandTimeout that a frozen primary does not answer, and finds it again', async () => {
    redis.freeze();
    const startMs = performance.now();
    expect(await refused(client.get('key'))).toBe('Command timed out');
    expect(performance.now() - startMs).toBeLessThan(1_500);
    redis.thaw();
    await poll(async () => (await refused(client.get('key'))) === 'answered');
  });

  it('leaves a connection that has gone silent, by its socketTimeout, and makes another', async () => {
    proxy.silence();
    const closed = heard(client, 'close');
    await refused(client.get('key'));
    await closed;
    proxy.heal();
    await heard(client, 'ready');
    expect(proxy.asked).toBeGreaterThanOrEqual(2);
  });

  it('executes a command once whose answer was lost, and says that it failed', async () => {
    proxy.silence('down');
    const reply = refused(client.incr('key'));
    await poll(async () => (await behind.get('key')) === '1');
    proxy.cut();
    proxy.heal();
    expect(await reply).toMatch(/max retries per request/);
    await heard(client, 'ready');
    await client.ping();
    expect(await behind.get('key')).toBe('1');
  });

  it('executes nothing after an outage that it refused meanwhile', async () => {
    proxy.refuse();
    proxy.cut();
    await heard(client, 'close');
    for (let i = 0; i < 10; i += 1) {
      expect(await refused(client.incr('key'))).toMatch(/Stream isn't writeable|Connection is closed/);
    }
    proxy.heal();
    await heard(client, 'ready');
    await client.ping();
    expect(await behind.get('key')).toBeNull();
  });

  it('looks for the primary again when a write tells that this one has been demoted', async () => {
    await behind.replicaof('127.0.0.1', 1);
    // Readiness finds it out as well.
    await expect(ping(client)).rejects.toThrow('It is a replica.');
    const closed = heard(client, 'close');
    expect(await refused(client.set('key', '1'))).toMatch(/^READONLY/);
    await closed;
    await behind.replicaof('NO', 'ONE');
    await poll(async () => (await refused(client.set('key', '1'))) === 'answered');
  });

  it('comes back when it has ended by accident, and not when it was closed', async () => {
    // As the library does it to itself: past the methods by which others close it.
    Redis.prototype.disconnect.call(client);
    await heard(client, 'end');
    await expect(ping(client)).rejects.toThrow();
    await heard(client, 'ready');
    await ping(client);

    await closeRedisClient(client);
    expect(client.status).toBe('end');
    const asked = proxy.asked;
    // Longer than it takes to come back.
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect([client.status, proxy.asked]).toEqual(['end', asked]);
  });
});

describe('the nodes of a program whose Redis was away', () => {
  it('come back by themselves, ask for nothing twice, and send nothing of what they refused', async () => {
    const NODES = 30;
    const redis = await startRedis();
    const proxy = await startTcpProxy({ path: redis.socket });
    const nodes = Array.from({ length: NODES }, () => clientOf(proxy.url));
    try {
      await Promise.all(nodes.map((node) => node.connect()));
      await redis.kill();
      await poll(() => Promise.resolve(nodes.every(({ status }) => status !== 'ready')));
      const before = proxy.asked;
      const startMs = performance.now();
      // A crowd goes on asking.
      while (performance.now() - startMs < 1_500) {
        await Promise.all(nodes.map((node) => refused(node.incr('key'))));
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      const awayMs = performance.now() - startMs;
      // However many ask, a node tries every 25 ms at first, and from the fifth attempt on every 250 to 500 ms.
      expect(proxy.asked - before).toBeLessThanOrEqual(NODES * (5 + Math.ceil(awayMs / 250)));

      await redis.restart();
      await poll(() => Promise.resolve(nodes.every(({ status }) => status === 'ready')));

      // It has just started: what it counts is what the nodes did since then.
      const admin = redis.client();
      expect(await admin.get('key')).toBeNull();
      const connections = /total_connections_received:(\d+)/.exec(await admin.info('stats'))?.[1];
      expect(Number(connections)).toBeLessThanOrEqual(NODES + 1);
      const calls = [...(await admin.info('commandstats')).matchAll(/cmdstat_(\S+):calls=(\d+)/g)];
      const counted = Object.fromEntries(calls.map(([, name, count]) => [name, Number(count)]));
      expect(counted['incr']).toBeUndefined();
      expect(counted['info']).toBeLessThanOrEqual(NODES + 5);
    } finally {
      for (const node of nodes) node.disconnect();
      await proxy.close();
      await redis.stop();
    }
  });
});

describe('a planned failover', () => {
  it('is followed at the word of a sentinel, while the old primary still answers', async () => {
    const topology = await startSentinel();
    const client = clientOf(topology.url);
    try {
      await client.connect();
      const portOf = async () => Number(/tcp_port:(\d+)/.exec(await client.info('server'))?.[1]);
      const old = await topology.primary();
      expect(await portOf()).toBe(old.port);
      // It cannot be told that it is a replica now: left alone, its clients would stay with it for ever.
      await old.admin.acl('SETUSER', 'tests', '-slaveof', '-replicaof');
      // All of them are listened to.
      for (const { admin } of topology.sentinels)
        await poll(async () => / sub=1 /.test(String(await admin.client('LIST'))));
      // With the periods of the tests the others would take the promotion for a mistake and undo it.
      const [first, ...others] = topology.sentinels;
      others.forEach((sentinel) => sentinel.freeze());
      const ready = heard(client, 'ready');
      await first?.admin.call('SENTINEL', 'FAILOVER', 'the-primary');
      await ready;
      await poll(async () => (await portOf().catch(() => 0)) === (await topology.primary()).port);
      expect((await topology.primary()).port).not.toBe(old.port);
      expect(await old.admin.info('replication')).toMatch(/role:master/);
    } finally {
      client.disconnect();
      await topology.stop();
    }
  });
});
