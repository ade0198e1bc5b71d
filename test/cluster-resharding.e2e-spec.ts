import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from 'ioredis';

import { parseEnv } from '../src/config/index.js';
import { createRedisClient } from '../src/redis/index.js';
import { type ClusterNode, type SlotMove, startCluster, type TestCluster } from './support/redis-cluster.js';
import { poll, TESTS } from './support/redis-process.js';
import { type SessionHost, startSessionHost } from './support/session-host.js';

jest.setTimeout(60_000);

describe('sessions whose slot moves to another server', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    cluster = await startCluster();
  });
  afterAll(async () => {
    await cluster.stop();
    jest.restoreAllMocks();
  });

  const clients = {
    'the program’s client': () => {
      const { redis } = parseEnv({
        REDIS_URL: cluster.url.replace('://', `://${TESTS.username}:${TESTS.password}@`),
        SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
        SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
      });
      return createRedisClient(redis) as Cluster;
    },
    'a host’s client with the defaults of ioredis': () => cluster.client(),
  };

  // As the program has it when it looks at every primary before it uses one.
  const connected = async (client: Cluster): Promise<void> => {
    if (client.status === 'wait') await client.connect();
    if (client.status !== 'ready') await once(client, 'ready');
    await Promise.all(client.nodes('master').map((node) => node.ping()));
  };

  describe.each(Object.entries(clients))('with %s', (_, connect) => {
    let client: Cluster;
    let host: SessionHost;
    let cookie: string;
    let slot: number;
    let to: ClusterNode;
    let move: SlotMove | undefined;

    beforeEach(async () => {
      client = connect();
      await connected(client);
      host = await startSessionHost(client);
      cookie = await host.login();
      expect((await host.call('POST', '/cart?item=tea', { cookie })).status).toBe(201);
      const [index] = (await cluster.keys('lk:idx:*')) as [string];
      slot = await cluster.slotOf(index);
      const owner = await ownerOf(index);
      to = cluster.primaries.find((one) => one !== owner) as ClusterNode;
    });
    afterEach(async () => {
      await host.close();
      client.disconnect();
      await close();
      await cluster.flush();
    });
    const ownerOf = async (key: string): Promise<ClusterNode> => {
      for (const one of cluster.primaries) if ((await one.admin.keys(key)).length > 0) return one;
      throw new Error(`${key} is nowhere`);
    };
    const open = async (): Promise<SlotMove> => (move = await cluster.beginMove(slot, to));
    const close = async (): Promise<void> => {
      await move?.moveKeys();
      await move?.finish();
      move = undefined;
    };

    it('are read before, while and after their keys move', async () => {
      const opened = await open();
      // Neither the generation nor the principal is there: asked for together with the session they are a TRYAGAIN.
      expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea'] });
      await opened.moveKeys();
      expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea'] });
      await close();
      expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea'] });
    });

    // Twenty at once: a machine that is too busy says so.
    const userOf = async (one: string): Promise<string | null> => {
      const answer = await host.call('GET', '/me', { cookie: one });
      return answer.status === 503 ? userOf(one) : ((await answer.json()) as { user: string | null }).user;
    };

    it('are read while others are, and hold none of them up', async () => {
      const others = await Promise.all(Array.from({ length: 20 }, (_, i) => host.login(`user=other-${i}`)));
      await open();
      const users = await Promise.all([cookie, ...others].map(userOf));
      expect(users).toEqual(['ada', ...others.map((_, i) => `other-${i}`)]);
    });

    it('stay revoked when the generation has moved and the session has not', async () => {
      const [record] = (await cluster.keys('lk:sess:*')) as [string];
      const generation = record.replace(/sess:(\{.*\}):.*/, 'gen:$1');
      await client.set(generation, String(Date.now() + 60_000));
      await open();
      await moveOnly(generation);
      expect((await host.me({ cookie })).user).toBeNull();
    });
    const moveOnly = async (key: string): Promise<void> => {
      const from = await ownerOf(key);
      const login = ['AUTH2', TESTS.username, TESTS.password];
      await from.admin.call('MIGRATE', '127.0.0.1', String(to.port), '', '0', '5000', ...login, 'KEYS', key);
    };

    it('are saved, begun and ended as soon as the slot has its new server', async () => {
      await open();
      const calls = ['/cart?item=milk', '/count', '/login'].map((path) =>
        host.call('POST', path, { cookie: path === '/login' ? '' : cookie }),
      );
      // They are on their way when it closes, and have been told to try again.
      await delay(100);
      await close();
      expect((await Promise.all(calls)).map(({ status }) => status)).toEqual([201, 201, 201]);
      expect(await host.me({ cookie })).toMatchObject({ cart: ['tea', 'milk'], n: 1 });
      expect(await host.sessions.revokeAll('ada')).toEqual({ revoked: 2 });
      expect((await host.me({ cookie })).user).toBeNull();
    });

    it('are nobody’s loss when the slot stays open: 503, and all is as before', async () => {
      await open();
      const save = await host.call('POST', '/cart?item=milk', { cookie });
      expect([save.status, save.headers.getSetCookie()]).toEqual([503, []]);
      expect((await host.call('POST', '/login')).status).toBe(503);
      await close();
      expect(await host.me({ cookie })).toMatchObject({ user: 'ada', cart: ['tea'] });
      expect(await host.sessions.count('ada')).toBe(1);
    });
  });

  it('end no process when the server that they move to hangs', async () => {
    const client = clients['the program’s client']();
    await connected(client);
    const host = await startSessionHost(client);
    const cookie = await host.login();
    const [record] = (await cluster.keys('lk:sess:*')) as [string];
    const slot = await cluster.slotOf(record);
    const [from, to] = await placesOf(record);
    const move = await cluster.beginMove(slot, to);
    await move.moveKeys();
    to.freeze();
    try {
      // Sent there behind an ASKING, which fails as well; Jest fails a test when a rejection is nobody's.
      expect((await host.call('GET', '/me', { cookie })).status).toBe(503);
    } finally {
      to.thaw();
    }
    await poll(async () => String(await from.admin.cluster('INFO')).includes('cluster_state:ok'));
    await move.finish();
    await poll(async () => (await host.call('GET', '/me', { cookie })).status === 200);
    expect(await host.me({ cookie })).toMatchObject({ user: 'ada' });
    await host.close();
    client.disconnect();
    await cluster.flush();
  });
  const placesOf = async (key: string): Promise<[ClusterNode, ClusterNode]> => {
    const [one, two, three] = cluster.primaries;
    for (const [from, to] of [
      [one, two],
      [two, three],
      [three, one],
    ] as const)
      if ((await from.admin.keys(key)).length > 0) return [from, to];
    throw new Error(`${key} is nowhere`);
  };

  it('lose nobody and nothing under load, back and forth', async () => {
    const client = clients['the program’s client']();
    await connected(client);
    const host = await startSessionHost(client);
    const people = Array.from({ length: 12 }, (_, i) => `user-${i}`);
    const cookies = await Promise.all(people.map((user) => host.login(`user=${user}`)));
    const slots = await Promise.all((await cluster.keys('lk:idx:*')).map((key) => cluster.slotOf(key)));
    const statuses = new Map<number, number>();
    const counts = people.map(() => 0);
    let moving = true;
    const load = cookies.map(async (cookie, i) => {
      while (moving) {
        const { status } = await host.call('POST', '/count', { cookie });
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
        if (status === 201) counts[i] = (counts[i] as number) + 1;
        const read = await host.call('GET', '/me', { cookie });
        statuses.set(read.status, (statuses.get(read.status) ?? 0) + 1);
        if (read.status === 200) expect(((await read.json()) as { user: string }).user).toBe(people[i]);
      }
    });
    for (const primary of cluster.primaries) for (const slot of slots) await cluster.moveSlot(slot, primary);
    moving = false;
    await Promise.all(load);

    expect([...statuses.keys()].filter((status) => ![200, 201, 503].includes(status))).toEqual([]);
    expect(statuses.get(201)).toBeGreaterThan(people.length);
    for (const [i, cookie] of cookies.entries()) {
      const { user, n } = await host.me({ cookie });
      expect(user).toBe(people[i]);
      // An update whose answer was lost may have happened; one that was acknowledged has.
      expect(n).toBeGreaterThanOrEqual(counts[i] as number);
    }
    await host.close();
    client.disconnect();
  });
});
