import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionData } from 'express-session';
import type { Cluster } from 'ioredis';

import { SessionDoctor, RedisSessionStore, SessionEndedError } from '../src/session/index.js';
import { startCluster, type TestCluster } from './support/redis-cluster.js';
import { poll } from './support/redis-process.js';
import { programMayOnly } from './support/redis-server.js';
import {
  codeOf,
  cookieOf,
  INDEX_KEY,
  type SessionHost,
  startSessionHost,
  userNamed,
} from './support/session-host.js';

const PEOPLE = Array.from({ length: 60 }, (_, i) => `user-${i}`);
// As the program may, and nothing else.
const DEFAULT_USER = { username: undefined, password: undefined };

/** Runs the same for everybody at once. */
const everybody = <T>(work: (user: string, i: number) => Promise<T>): Promise<T[]> =>
  Promise.all(PEOPLE.map(work));

describe('sessions on Redis Cluster', () => {
  let cluster: TestCluster;
  beforeAll(async () => {
    cluster = await startCluster({ args: programMayOnly('cluster') });
  });
  afterAll(() => cluster.stop());
  beforeEach(() => cluster.flush());

  describe.each([true, false])('of SessionModule, with auto-pipelining %s', (enableAutoPipelining) => {
    let clients: Cluster[];
    let nodes: [SessionHost, SessionHost];
    let cookies: string[];
    let node: SessionHost;
    let other: SessionHost;

    beforeEach(async () => {
      clients = [1, 2].map(() => cluster.client({ enableAutoPipelining, redisOptions: DEFAULT_USER }));
      const [one, two] = clients as [Cluster, Cluster];
      const options = { touchIntervalMs: 1, maxSessions: 4 };
      nodes = [await startSessionHost(one, options), await startSessionHost(two, options)];
      [node, other] = nodes;
      cookies = await everybody((user, i) => (nodes[i % 2] as SessionHost).login(`user=${user}`));
    });
    afterEach(async () => {
      for (const one of nodes) await one.close();
      for (const client of clients) client.disconnect();
    });

    it('begin on every server, and are known on every node', async () => {
      for (const { admin } of cluster.primaries)
        expect((await admin.keys('lk:sess:*')).length).toBeGreaterThan(5);
      const users = await everybody(async (_, i) => (await other.me({ cookie: cookies[i] as string })).user);
      expect(users).toEqual(PEOPLE);
      expect(await node.sessions.stats()).toEqual({ liveSessions: 60, usersWithSessions: 60 });
    });

    it('merge what two nodes save at once', async () => {
      const carts = await everybody(async (_, i) => {
        const cookie = cookies[i] as string;
        const answers = await Promise.all(
          ['tea', 'milk'].map((item, j) =>
            (nodes[j] as SessionHost).call('POST', `/cart?item=${item}`, { cookie }),
          ),
        );
        expect(answers.map(({ status }) => status)).toEqual([201, 201]);
        return (await node.me({ cookie })).cart?.sort();
      });
      expect(carts).toEqual(PEOPLE.map(() => ['milk', 'tea']));
    });

    it('are touched, and keep their place in the index', async () => {
      const [before] = await node.sessions.list('user-7');
      while ((await node.sessions.list('user-7'))[0]?.lastSeenAt === before?.lastSeenAt)
        await other.me({ cookie: cookies[7] as string });
      expect(await node.sessions.list('user-7')).toHaveLength(1);
    });

    it('move to a new id, and end the others of their user', async () => {
      const rotated = await everybody(async (user, i) => {
        const second = await other.login(`user=${user}`);
        const moved = cookieOf(await node.call('POST', '/rotate', { cookie: cookies[i] as string }));
        return [await other.me({ cookie: moved }), await other.me({ cookie: second })].map((me) => me.user);
      });
      expect(rotated).toEqual(PEOPLE.map((user) => [user, null]));
    });

    it('end one by one, all of a user’s, or all but one', async () => {
      await everybody(async (user, i) => {
        const cookie = cookies[i] as string;
        const second = await other.login(`user=${user}`);
        const [latest] = await node.sessions.list(user);
        if (i % 3 === 0) expect(await other.sessions.revokeAll(user)).toEqual({ revoked: 2 });
        if (i % 3 === 1)
          expect(await other.sessions.revoke(user, latest?.id as string)).toEqual({ revoked: 1 });
        if (i % 3 === 2)
          expect(await other.sessions.revokeOthers(user, latest?.id as string)).toEqual({ revoked: 1 });
        const left = [await node.me({ cookie }), await node.me({ cookie: second })].map((me) => me.user);
        expect(left).toEqual([i % 3 === 1 ? user : null, i % 3 === 2 ? user : null]);
        expect((await node.call('POST', '/logout', { cookie })).status).toBe(201);
      });
      expect(await cluster.keys('lk:sess:*')).toHaveLength(20);
    });

    it('take over what a visitor had, whatever server that lies on', async () => {
      const carts = await everybody(async (user) => {
        const visitor = cookieOf(await node.call('POST', `/cart?item=${user}`));
        return (await other.me({ cookie: await other.login(`user=${user}`, visitor) })).cart;
      });
      expect(carts).toEqual(PEOPLE.map((user) => [user]));
    });

    it('are never more than the limit, however many logins race on two nodes', async () => {
      const racers = PEOPLE.slice(0, 6);
      const raced = await Promise.all(
        racers.flatMap((user) =>
          Array.from({ length: 12 }, (_, i) => (nodes[i % 2] as SessionHost).login(`user=${user}`)),
        ),
      );
      const users = await Promise.all(raced.map(async (cookie) => (await node.me({ cookie })).user));
      for (const user of racers) {
        expect(users.filter((one) => one === user)).toHaveLength(4);
        expect(await node.sessions.count(user)).toBe(4);
      }
    });

    it('do not begin when a revoke-all came after their ticket', async () => {
      const { open, waiting } = node.gate.close();
      const slow = node.call('POST', '/login?user=user-5');
      await waiting;
      expect(await other.sessions.revokeAll('user-5')).toEqual({ revoked: 1 });
      open();
      expect((await slow).status).toBe(401);
      expect(await node.sessions.list('user-5')).toEqual([]);
    });

    it('refuse a save in flight when they are revoked meanwhile', async () => {
      const { open, waiting } = node.gate.close();
      const slow = node.call('POST', '/cart?item=tea', { cookie: cookies[9] as string });
      await waiting;
      await other.sessions.revokeAll('user-9');
      open();
      expect(await codeOf(await slow)).toBe('SESSION_ENDED');
    });

    it('believe what they are told of their user from the next request on', async () => {
      await everybody((user) => other.sessions.setPrincipal(user, { ...userNamed(user), disabled: true }, 1));
      const users = await everybody(async (_, i) => (await node.me({ cookie: cookies[i] as string })).user);
      expect(users).toEqual(PEOPLE.map(() => null));
    });

    it('give the doctor nothing to find', async () => {
      const store = new RedisSessionStore({
        client: clients[0] as Cluster,
        indexKeys: [INDEX_KEY],
        userId: (data) => (data as { passport?: { user: { id: string } } }).passport?.user.id,
      });
      const { records, indexes, findings } = await new SessionDoctor(store).examine();
      expect([records, indexes, new Set(Object.values(findings))]).toEqual([60, 60, new Set([0])]);
    });
  });

  describe.each(['refuse', 'index'] as const)('of a store without Nest, untagged ids: %s', (untaggedIds) => {
    let client: Cluster;
    let store: RedisSessionStore;
    const session = (userId: string | undefined) =>
      ({ cookie: { originalMaxAge: null }, userId, n: 0 }) as unknown as SessionData & { n: number };
    const idOf = (user: string, i: number) =>
      untaggedIds === 'index' ? `own-${user}-${i}` : store.createSessionId(user);

    beforeEach(() => {
      client = cluster.client({ enableAutoPipelining: true, redisOptions: DEFAULT_USER });
      store = new RedisSessionStore({
        client,
        indexKeys: ['index-key-of-the-cluster-specification'],
        userId: (data) => (data as unknown as { userId?: string }).userId,
        maxSessions: 0,
        untaggedIds,
      });
    });
    afterEach(() => client.disconnect());

    it('are set, read, saved, touched, counted and ended', async () => {
      const ids = PEOPLE.map(idOf);
      await everybody((user, i) => store.set(ids[i] as string, session(user)));
      await store.set(store.createSessionId(), session(undefined));
      for (const id of ids) {
        const [one, two] = [await store.get(id), await store.get(id)];
        one.n = 1;
        two.m = 2;
        await Promise.all([store.set(id, one), store.set(id, two)]);
        expect(await store.get(id)).toMatchObject({ n: 1, m: 2 });
        await store.touch(id, one);
      }
      expect(await store.length()).toBe(61);
      expect(await store.ids()).toHaveLength(61);
      expect(await store.all()).toHaveLength(61);
      const [first, second] = ids as [string, string];
      const stale = await store.get(first);
      await store.destroy(first);
      stale.n = 9;
      await expect(store.set(first, stale)).rejects.toThrow(SessionEndedError);
      expect([await store.get(first), (await store.get(second)).n]).toEqual([null, 1]);
      await store.clear();
      expect(await cluster.keys('lk:sess:*')).toEqual([]);
    });

    it('are all ended at once for a user with hundreds, and swept', async () => {
      const ids = Array.from({ length: 350 }, (_, i) => idOf('ada', i));
      await Promise.all(ids.map((id) => store.set(id, session('ada'))));
      const { users, ring } = store.engine;
      const tag = ring.current('ada');
      expect(await users.list(tag)).toHaveLength(350);
      expect(await users.revokeAll(tag)).toEqual({ revoked: 350 });
      expect(await store.get(ids[0] as string)).toBeNull();
      await poll(async () => (await cluster.keys('lk:sess:*')).length === 0);
      await store.engine.close();
      expect(await cluster.keys('lk:trash:*')).toEqual([]);
    });
  });
});
