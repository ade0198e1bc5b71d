import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Cluster, Redis } from 'ioredis';
import { once } from 'node:events';

import { RedisAnonymousSessionLimiter, RedisLoginThrottle } from '../src/auth/index.js';
import { createRedisClient } from '../src/redis/index.js';
import type { BreakerState, SessionObserver } from '../src/session/index.js';
import { isOutage } from '../src/session/store/breaker.js';
import { RedisAccess } from '../src/session/store/redis-access.js';
import { startCluster } from './support/redis-cluster.js';
import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

const at = (port: number) => ({
  topology: 'single' as const,
  socket: undefined,
  hosts: [{ host: '127.0.0.1', port }],
  primaryName: undefined,
  user: undefined,
  password: undefined,
  database: 0,
  sentinelUser: undefined,
  sentinelPassword: undefined,
  tls: undefined,
});

/** What the module's repositories share, on that client, and what an observer of it hears. */
function accessOf(client: Redis | Cluster) {
  const states: BreakerState[] = [];
  const observer: SessionObserver = {
    onSessionEvent: (event) => event.type === 'breaker' && states.push(event.state),
  };
  const access = new RedisAccess(client, 'lk:', 60_000, observer);
  /** `up`, or how a command failed: sent and not answered, or not sent at all. */
  const read = (key = 'key') =>
    access.read('load', key).then(
      () => 'up',
      ({ cause }: Error) => (/it is being asked/.test((cause as Error).message) ? 'spared' : 'down'),
    );
  return { states, read };
}

describe('a Redis that does not answer', () => {
  let redis: TestRedis;
  let proxy: TcpProxy;
  let client: Redis;
  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    proxy = await startTcpProxy({ path: redis.socket });
    client = createRedisClient(at(proxy.port)) as Redis;
    await client.connect();
  });
  afterEach(async () => {
    client.disconnect();
    await proxy.close();
  });

  it('is found out by three commands in a row, spared all others, and used again by itself', async () => {
    const { states, read } = accessOf(client);
    proxy.silence();
    const outcomes = await Promise.all([read(), read(), read()]);
    expect(outcomes).toEqual(['down', 'down', 'down']);
    expect(states).toEqual(['open']);
    const startMs = performance.now();
    const spared = await Promise.all(Array.from({ length: 1_000 }, () => read()));
    expect(new Set(spared)).toEqual(new Set(['spared']));
    // A thousand of them in less time than one command waits.
    expect(performance.now() - startMs).toBeLessThan(400);
    // Nobody sends a command that could find out.
    proxy.heal();
    await poll(() => Promise.resolve(states.at(-1) === 'closed'));
    expect(states.at(-2)).toBe('half-open');
    expect(await read()).toBe('up');
  });

  it('is told one thing at a time, and nothing of what was spared', async () => {
    const monitor = await redis.monitor();
    const commands: string[] = [];
    monitor.on('monitor', (_, [command]: string[]) => commands.push(String(command).toLowerCase()));
    const { states, read } = accessOf(client);
    proxy.silence('down');
    await Promise.all([read(), read(), read()]);
    await poll(() => Promise.resolve(commands.includes('get')));
    commands.length = 0;
    await poll(async () => {
      await read();
      return states.filter((state) => state === 'half-open').length >= 2;
    });
    const asked = states.filter((state) => state === 'half-open').length;
    proxy.heal();
    await poll(() => Promise.resolve(states.at(-1) === 'closed'));
    expect(commands.filter((command) => command === 'get' || command === 'mget')).toEqual([]);
    expect(commands.filter((command) => command === 'ping').length).toBeLessThanOrEqual(asked + 1);
  });

  it('is spared by the throttle and the limiter of the same client too', async () => {
    const { states, read } = accessOf(client);
    const throttle = new RedisLoginThrottle({ client });
    const limiter = new RedisAnonymousSessionLimiter({ client });
    proxy.silence();
    await Promise.all([read(), read(), read()]);
    expect(states).toEqual(['open']);
    for (const attempt of [
      throttle.begin({ act: 'login', account: 'ada@example.com', ip: '192.0.2.1' }),
      limiter.admit({ ip: '192.0.2.1' }),
    ]) {
      await expect(attempt).rejects.toMatchObject({
        cause: { message: expect.stringMatching(/being asked/) },
      });
    }
  });

  it('was not away when a single command in between was answered', async () => {
    const { states, read } = accessOf(client);
    for (let i = 0; i < 3; i += 1) {
      proxy.silence();
      expect(await Promise.all([read(), read()])).toEqual(['down', 'down']);
      proxy.heal();
      if (client.status !== 'ready') await once(client, 'ready');
      expect(await read()).toBe('up');
    }
    expect(states).toEqual([]);
  });

  it('is not away when it refuses', async () => {
    const { states, read } = accessOf(client);
    const admin = redis.client();
    await admin.hset('hash', 'a', '1');
    expect(await Promise.all(Array.from({ length: 10 }, () => read('hash')))).toEqual(
      Array.from({ length: 10 }, () => 'down'),
    );
    expect(states).toEqual([]);
  });

  it('is not asked for ever for a client that its host has closed', async () => {
    const { states, read } = accessOf(client);
    client.disconnect();
    await once(client, 'end');
    for (let i = 0; i < 4; i += 1) await read();
    const said = states.length;
    for (let i = 0; i < 20; i += 1) await read();
    expect([states[0], states.length]).toEqual(['open', said]);
  });
});

describe('a shard that does not answer', () => {
  it('does not keep anybody from the others; only when none of them answers all are spared', async () => {
    const cluster = await startCluster();
    const client = createRedisClient({
      ...at(0),
      topology: 'cluster',
      hosts: cluster.primaries.map(({ port }) => ({ host: '127.0.0.1', port })),
    }) as Cluster;
    try {
      await client.connect();
      const { states, read } = accessOf(client);
      const keys = [...'abcdefghijklmnopqrstuvwxyz'];
      await poll(async () => (await Promise.all(keys.map(read))).every((outcome) => outcome === 'up'));
      const [frozen, ...others] = cluster.primaries;
      frozen?.freeze();
      // Every command to it fails, more of them in a row than it takes.
      const outcomes = await Promise.all(keys.map(read));
      expect(outcomes.filter((outcome) => outcome === 'down').length).toBeGreaterThanOrEqual(3);
      expect(outcomes).toContain('up');
      expect(states).toEqual([]);

      others.forEach((other) => other.freeze());
      await poll(async () => {
        await read('a');
        return states.includes('open');
      });
      for (const primary of cluster.primaries) primary.thaw();
      await poll(async () => (await Promise.all(keys.map(read))).every((outcome) => outcome === 'up'));
      expect(states.at(-1)).toBe('closed');
    } finally {
      client.disconnect();
      await cluster.stop();
    }
  });
});

describe('isOutage', () => {
  it.each([
    'Command timed out',
    'Connection is closed.',
    "Stream isn't writeable and enableOfflineQueue options is false",
    'Command aborted due to connection close',
    "Cluster isn't ready and enableOfflineQueue options is false",
    'Failed to refresh slots cache.',
    'connect ECONNREFUSED 127.0.0.1:1',
    'read ECONNRESET',
    "Socket timeout. Expecting data, but didn't receive any in 1000ms.",
  ])('is what a client says without an answer: %s', (message) => {
    expect(isOutage(new Error(message))).toBe(true);
  });

  it.each([
    "OOM command not allowed when used memory > 'maxmemory'.",
    'NOSCRIPT No matching script. Please use EVAL.',
    "READONLY You can't write against a read only replica.",
    'LOADING Redis is loading the dataset in memory',
    'MOVED 1 127.0.0.1:1',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'ERR Error running script: user_script:1: Command timed out',
    'NOPERM this user has no permissions',
  ])('is not what a server says: %s', (message) => {
    expect(isOutage(new Error(message))).toBe(false);
  });
});
