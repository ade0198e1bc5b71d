import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { poll } from './support/redis-process.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { userNamed } from './support/session-host.js';
import { closedSoon, openSocket, refusedUpgrade, SOON_MS } from './support/socket-client.js';
import { isHeard, type SocketHost, startSocketHost } from './support/socket-host.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

const SESSION_ENDED = { code: 4401, reason: 'SESSION_ENDED' };
const UNAVAILABLE = { code: 4503, reason: 'SESSION_STORE_UNAVAILABLE' };
const GRACE_MS = 1_500;

// As the program's client is set: docs/operations.md.
const CAREFUL = {
  ...{ commandTimeout: 500, socketTimeout: 1_000, connectTimeout: 1_000, maxRetriesPerRequest: 0 },
  ...{ enableOfflineQueue: false, autoResendUnfulfilledCommands: false, disconnectTimeout: 50 },
  retryStrategy: () => 50,
};

describe('an open WebSocket whose node loses Redis', () => {
  let redis: TestRedis;
  let admin: Redis;
  let network: TcpProxy;
  let client: Redis;
  let near: SocketHost;
  let far: SocketHost;

  beforeEach(async () => {
    redis = await startSingleRedis();
    admin = redis.client();
    network = await startTcpProxy({ path: redis.socket });
    client = new Redis({ ...CAREFUL, host: '127.0.0.1', port: network.port });
    client.on('error', () => undefined);
    await poll(() => Promise.resolve(client.status === 'ready'));
    near = await startSocketHost(client, { socketOutageGraceMs: GRACE_MS });
    far = await startSocketHost(redis.client());
  });
  afterEach(async () => {
    await near.close();
    await far.close();
    client.disconnect();
    await network.close();
    await redis.stop();
  });

  const open = async (query = '') => {
    const socket = await openSocket(near.socketUrl, await far.login(query));
    await poll(async () => isHeard(admin));
    return socket;
  };

  it('is closed when Redis is back and its session was revoked meanwhile, and others stay open', async () => {
    const sockets = [await open(), await open('user=bob'), await open('user=cleo')];
    const [revoked, disabled, other] = sockets as [
      (typeof sockets)[0],
      (typeof sockets)[0],
      (typeof sockets)[0],
    ];
    network.refuse();
    network.cut();
    await far.sessions.revokeAll('ada');
    const { roles, email, displayName } = userNamed('bob');
    await far.sessions.setPrincipal('bob', { roles, email, displayName, disabled: true }, 2);
    network.heal();
    expect(await closedSoon(revoked)).toEqual(SESSION_ENDED);
    expect(await closedSoon(disabled)).toEqual(SESSION_ENDED);
    expect(await other.ask('who')).toMatchObject({ userId: 'cleo' });
    other.close();
  });

  it('is closed soon, too, when only the news cannot be heard', async () => {
    const socket = await open();
    // It may not subscribe any more, and whoever had is disconnected; everything else goes on.
    await admin.acl('SETUSER', 'default', '-subscribe');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await poll(async () => !(await isHeard(admin)));
    expect(await socket.ask('who')).toMatchObject({ userId: 'ada' });
    await far.sessions.revokeAll('ada');
    expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
  });

  it('is closed in the end, and its session at once, when the one who revokes may not publish', async () => {
    const socket = await open();
    await admin.acl('SETUSER', 'default', '-publish');
    expect(await near.sessions.revokeAll('ada')).toEqual({ revoked: 1 });
    // Whatever it does next meets the truth.
    socket.socket.send(JSON.stringify({ event: 'count' }));
    expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
  });

  it('stays open through a short outage, and hears what happens after it', async () => {
    const socket = await open();
    network.refuse();
    network.cut();
    await poll(async () => (await refusedUpgrade(near.socketUrl, await far.login())).status === 503);
    network.heal();
    await poll(async () => isHeard(admin));
    // Refused for as long as Redis is not known to answer again.
    await poll(async () => ((await socket.ask('count')) as { n?: number }).n === 1);
    await far.sessions.revokeAll('ada');
    expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
  });

  it('is closed with 4503 when nobody can say for longer than the grace whether its session lives', async () => {
    const socket = await open();
    redis.freeze();
    const answer = await refusedUpgrade(near.socketUrl, { authorization: 'Bearer x' });
    expect(answer.status).toBe(401);
    expect(await closedSoon(socket, GRACE_MS + 2 * SOON_MS)).toEqual(UNAVAILABLE);
    redis.thaw();
    expect(near.sockets.size).toBe(0);
  });

  it('is refused with 503 while Redis does not answer, and opened when it does', async () => {
    const headers = await far.login();
    redis.freeze();
    const answer = await refusedUpgrade(near.socketUrl, headers);
    expect([answer.status, answer.body.code]).toEqual([503, 'SESSION_STORE_UNAVAILABLE']);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(near.sockets.size).toBe(0);
    redis.thaw();
    await poll(async () => {
      try {
        (await openSocket(near.socketUrl, headers)).close();
        return true;
      } catch {
        return false;
      }
    });
  });

  it('is closed at its absolute timeout also while Redis is away', async () => {
    const short = await startSocketHost(client, {
      lifetimes: { web: { idleTimeoutMs: 2_000, absoluteTimeoutMs: 2_000 } },
      socketOutageGraceMs: 60_000,
    });
    const socket = await openSocket(short.socketUrl, await short.login());
    network.refuse();
    network.cut();
    expect(await closedSoon(socket, 2_000 + SOON_MS)).toEqual(SESSION_ENDED);
    await short.close();
  });
});
