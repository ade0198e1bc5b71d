import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';

import { startRedis, type TestRedis } from './support/redis-server.js';
import { closedSoon, openSocket, refusedUpgrade } from './support/socket-client.js';
import { ORIGIN, type SocketHost, startSocketHost } from './support/socket-host.js';
import { serveSockets } from './support/plain-socket-server.js';

describe('WebSockets of another library than Nest’s', () => {
  let redis: TestRedis;
  let host: SocketHost;

  beforeAll(async () => {
    redis = await startRedis();
    host = await startSocketHost(redis.client(), {}, (app) => serveSockets(app, [ORIGIN]));
  });
  afterAll(async () => {
    await host.close();
    await redis.stop();
  });

  it('are let in, and closed when their session ends', async () => {
    const headers = await host.login();
    const { socket, closed } = await openSocket(host.url, headers);
    socket.send('are you there?');
    const [answer] = (await once(socket, 'message')) as [Buffer];
    expect(answer.toString()).toMatch(/hello|are you there/);
    expect(host.sockets.size).toBe(1);
    await host.call('/logout', headers);
    expect(await closedSoon({ closed })).toEqual({ code: 4401, reason: 'SESSION_ENDED' });
    expect(host.sockets.size).toBe(0);
  });

  it('are refused as problems', async () => {
    const { cookie } = await host.login();
    const hijacked = await refusedUpgrade(host.url, { cookie, origin: 'https://evil.example' });
    expect([hijacked.status, hijacked.body.code]).toEqual([403, 'CROSS_SITE_REQUEST']);
    expect((await refusedUpgrade(host.url, { origin: ORIGIN })).status).toBe(401);
  });
});
