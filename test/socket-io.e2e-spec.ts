import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { io, type Socket } from 'socket.io-client';

import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { ORIGIN, type SocketHost, startSocketHost } from './support/socket-host.js';
import { serveSocketIo } from './support/socket-io-server.js';

describe('connections of socket.io', () => {
  let redis: TestRedis;
  let host: SocketHost;
  let far: SocketHost;

  beforeAll(async () => {
    redis = await startRedis();
    host = await startSocketHost(redis.client(), {}, (app) => serveSocketIo(app, [ORIGIN]));
    far = await startSocketHost(redis.client());
  });
  afterAll(async () => {
    await host.close();
    await far.close();
    await redis.stop();
  });

  /** @returns an open connection, or why there is none */
  const open = (extraHeaders: Record<string, string>, transport = 'websocket'): Promise<Socket | Error> => {
    const socket = io(host.url, {
      transports: [transport],
      extraHeaders,
      reconnection: false,
      forceNew: true,
    });
    return new Promise((resolve) => {
      socket.once('connect', () => resolve(socket));
      socket.once('connect_error', (error) => resolve(error));
    });
  };
  const opened = async (headers: Record<string, string>): Promise<Socket> => {
    const socket = await open(headers);
    if (socket instanceof Error) throw socket;
    return socket;
  };

  it('are let in with a live session, and closed on every node when it ends, with the reason', async () => {
    const headers = await host.login();
    const socket = await opened(headers);
    expect(await socket.emitWithAck('who')).toBeNull();
    expect(host.sockets.size).toBe(1);
    const told = new Promise((resolve) => socket.once('ended', resolve));
    const closed = new Promise((resolve) => socket.once('disconnect', resolve));
    await far.call('/logout', headers);
    expect(await told).toEqual({ code: 4401, reason: 'SESSION_ENDED' });
    expect(await closed).toBe('io server disconnect');
    expect(host.sockets.size).toBe(0);
  });

  it('are not looked after any more when the client has gone', async () => {
    const socket = await opened(await host.bearer());
    expect(host.sockets.size).toBe(1);
    socket.disconnect();
    await poll(() => Promise.resolve(host.sockets.size === 0));
  });

  it('are refused without a session, to other sites, and by long polling', async () => {
    const headers = await host.login();
    expect(await open({ origin: ORIGIN })).toBeInstanceOf(Error);
    expect(await open({ ...headers, origin: 'https://evil.example' })).toBeInstanceOf(Error);
    expect(await open(headers, 'polling')).toBeInstanceOf(Error);
    expect(host.sockets.size).toBe(0);
  });
});
