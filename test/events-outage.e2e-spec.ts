import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';

import { type AuthHost, startAuthHost } from './support/auth-host.js';
import { CookieClient } from './support/clients.js';
import { credentialOf, EventReader } from './support/event-reader.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { poll } from './support/redis-process.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

const PASSWORD = 'nine small goats on a roof';
const GRACE_MS = 1_500;

// As the program's client is set: docs/operations.md.
const CAREFUL = {
  ...{ commandTimeout: 500, socketTimeout: 1_000, connectTimeout: 1_000, maxRetriesPerRequest: 0 },
  ...{ enableOfflineQueue: false, autoResendUnfulfilledCommands: false, disconnectTimeout: 50 },
  retryStrategy: () => 50,
};

describe('GET /auth/events of a host without a trail, whose node loses Redis', () => {
  let redis: TestRedis;
  let network: TcpProxy;
  let client: Redis;
  let host: AuthHost;
  let far: AuthHost;
  let ada: CookieClient;
  let stream: EventReader;

  beforeEach(async () => {
    redis = await startSingleRedis();
    network = await startTcpProxy({ path: redis.socket });
    client = new Redis({ ...CAREFUL, host: '127.0.0.1', port: network.port });
    client.on('error', () => undefined);
    await poll(() => Promise.resolve(client.status === 'ready'));
    const options = { events: undefined } as never;
    host = await startAuthHost(client, options, { session: { socketOutageGraceMs: GRACE_MS } });
    far = await startAuthHost(redis.client(), options);
    ada = new CookieClient(host.url, { origin: null });
    await ada.post('/auth/register', { email: 'ada@example.com', password: PASSWORD });
    stream = await EventReader.open(`${host.url}/auth/events`, await credentialOf(ada));
    await stream.until('ready');
  });
  afterEach(async () => {
    stream.close();
    await host.close();
    await far.close();
    client.disconnect();
    await network.close();
    await redis.stop();
  });

  const userId = async (): Promise<string> => {
    const { body } = await ada.get('/auth/session');
    return (body as { user: { id: string } }).user.id;
  };

  it('says so, and that it is back', async () => {
    network.refuse();
    network.cut();
    expect((await stream.until('unavailable')).data).toEqual({ code: 'SESSION_STORE_UNAVAILABLE' });
    network.heal();
    await stream.until('ready');
    expect(stream.isOver).toBe(false);
    expect((await ada.get('/auth/session')).status).toBe(200);
  });

  it('closes when that takes too long, and nobody is logged out by it', async () => {
    network.refuse();
    network.cut();
    await stream.until('unavailable');
    await stream.over();
    expect(stream.events.map(({ event }) => event)).not.toContain('ended');
    expect((await ada.get('/auth/events')).status).toBe(503);
    network.heal();
    await poll(async () => (await ada.get('/auth/session')).status === 200);
    stream = await EventReader.open(`${host.url}/auth/events`, await credentialOf(ada));
    await stream.until('ready');
  });

  it('ends afterwards when its session was revoked meanwhile, though nobody knows why', async () => {
    const id = await userId();
    network.refuse();
    network.cut();
    await stream.until('unavailable');
    await far.sessions.revokeAll(id, 'revoked-by-admin');
    network.heal();
    expect((await stream.until('ended')).data).toEqual({ code: 'SESSION_ENDED', reason: 'unknown' });
  });

  it('says why a session has ended without any trail, as soon as the first stream of a node is there', async () => {
    const id = await userId();
    stream.close();
    await poll(async () => Number((await redis.client().pubsub('NUMSUB', 'lk:ended'))[1]) === 0);
    stream = await EventReader.open(`${host.url}/auth/events`, await credentialOf(ada));
    await stream.until('ready');
    await far.sessions.revokeAll(id, 'revoked-by-admin');
    expect((await stream.until('ended')).data).toEqual({ code: 'SESSION_ENDED', reason: 'revoked-by-admin' });
  });
});
