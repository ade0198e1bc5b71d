import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { poll } from './support/redis-process.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { endOf, isHeard, openSession, type SocketHost, startSocketHost } from './support/socket-host.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

// The contract is a second; the rest is for a machine that is busy with other tests.
const SLACK_MS = 600;

let redis: TestRedis;
let news: TcpProxy;
let commands: TcpProxy;
let client: Redis;
let near: SocketHost;
let far: SocketHost;

beforeEach(async () => {
  redis = await startSingleRedis();
  [news, commands] = [
    await startTcpProxy({ path: redis.socket }),
    await startTcpProxy({ path: redis.socket }),
  ];
  client = new Redis({ host: '127.0.0.1', port: commands.port, lazyConnect: true });
  client.on('error', () => undefined);
  await client.connect();
  // Connections that are made from it take another way than its own.
  Object.assign(client.options, { port: news.port });
  near = await startSocketHost(client);
  far = await startSocketHost(redis.client());
});
afterEach(async () => {
  await near.close();
  await far.close();
  client.disconnect();
  await news.close();
  await commands.close();
  await redis.stop();
});

it('closes a connection within a second of the revocation when the news have silently stopped to arrive', async () => {
  const session = await openSession(near, await near.login());
  await poll(async () => isHeard(redis.client()));
  const end = endOf(session);
  // As of a firewall that has forgotten the connection: nobody is told, neither end.
  news.silence('down');
  const startMs = performance.now();
  await far.sessions.revokeAll('ada');
  const { code, atMs } = await end;
  expect(code).toBe(4401);
  expect(atMs - startMs).toBeLessThan(1_000 + SLACK_MS);
});
