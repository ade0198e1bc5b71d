import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { once } from 'node:events';

import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

// Other specs draw conclusions about outages from this network.
describe('the network of the tests', () => {
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
    client = redis.client({
      path: undefined,
      host: '127.0.0.1',
      port: proxy.port,
      retryStrategy: () => 10,
      enableOfflineQueue: false,
      maxRetriesPerRequest: 0,
      autoResendUnfulfilledCommands: false,
    });
    await once(client, 'ready');
  });
  afterEach(async () => {
    client.disconnect();
    await poll(() => Promise.resolve(client.status === 'end'));
    await proxy.close();
  });
  const arrived = async () => (await behind.get('key')) !== null;

  it('passes on what is sent, and counts its connections', async () => {
    const large = 'x'.repeat(1_000_000);
    await client.set('key', large);
    expect(await client.get('key')).toBe(large);
    expect([proxy.open, proxy.asked]).toEqual([1, 1]);
    client.disconnect();
    await poll(() => Promise.resolve(proxy.open === 0));
  });

  it.each(['up', 'down'] as const)('makes what goes %s take its time', async (direction) => {
    proxy.delay({ [direction]: 150 });
    const startMs = performance.now();
    await client.set('key', '1');
    expect(performance.now() - startMs).toBeGreaterThan(145);
    proxy.delay({ up: 0 });
  });

  it('loses what is on its way when it is cut', async () => {
    proxy.delay({ up: 60_000 });
    const reply = client.set('key', '1').catch((error: Error) => error.message);
    await new Promise((resolve) => setImmediate(resolve));
    proxy.cut();
    expect(await reply).toMatch(/^Reached the max retries/);
    proxy.heal();
    await once(client, 'ready');
    expect(await arrived()).toBe(false);
    expect(proxy.asked).toBe(2);
  });

  it('delivers what was sent into silence when it is healed, though its sender has left', async () => {
    proxy.silence('up');
    client.set('key', '1').catch(() => undefined);
    await new Promise((resolve) => setImmediate(resolve));
    client.disconnect();
    expect([await arrived(), proxy.open]).toEqual([false, 1]);
    proxy.heal();
    await poll(arrived);
  });

  it('keeps the answer of what was executed in a silence of one direction', async () => {
    proxy.silence('down');
    const reply = client.set('key', '1');
    await poll(arrived);
    proxy.heal();
    expect(await reply).toBe('OK');
  });

  it('refuses new connections only', async () => {
    proxy.refuse();
    await client.set('key', '1');
    client.disconnect(true);
    await poll(() => Promise.resolve(proxy.asked > 2));
    expect(proxy.open).toBe(0);
    proxy.heal();
    await once(client, 'ready');
  });
});
