import { afterEach, describe, expect, it } from '@jest/globals';
import type { Redis, RedisOptions } from 'ioredis';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import {
  type JournalEntry,
  JournalReplay,
  type Revocation,
  RevocationJournal,
  SessionEndedError,
  SessionStoreUnavailableError,
} from '../src/session/index.js';
import { startReplicas, type TestReplicas } from './support/redis-replicas.js';
import { startSessionContext, type SessionContext } from './support/session-context.js';
import { runs } from './support/soak.js';
import { startTcpProxy, type TcpProxy } from './support/tcp-proxy.js';

const FAILOVERS = runs(5, 100);
// On the way to the replica, and lost with the host.
const LINK_MS = 20;
const USERS = Array.from({ length: 12 }, (_, i) => `user-${i}`);

// As the program connects: nobody waits for a Redis that is away.
const CONNECTION: RedisOptions = {
  commandTimeout: 500,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
};

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Round {
  servers: TestReplicas;
  proxy: TcpProxy;
  node(durability: 'local' | 'replicated', client?: Redis): Promise<SessionContext>;
  /** The host of the primary is gone, and with it what was on its way; the replica takes its place. */
  failOver(): Promise<SessionContext>;
}

async function begin(): Promise<Round> {
  let proxy!: TcpProxy;
  const servers = await startReplicas({
    replicas: 1,
    link: async (port) => (proxy = await startTcpProxy({ port, host: '127.0.0.1' })).port,
  });
  closing.push(
    () => servers.stop(),
    () => proxy.close(),
  );
  const node: Round['node'] = async (mode, client = servers.client(CONNECTION)) => {
    if (client.status !== 'ready') await once(client, 'ready');
    const context = await startSessionContext(client, { durability: { mode } });
    closing.push(() => context.close());
    return context;
  };
  return {
    servers,
    proxy,
    node,
    async failOver() {
      proxy.refuse();
      proxy.cut();
      await servers.primary.kill();
      const [replica] = servers.replicas as [TestReplicas['replicas'][number]];
      await replica.admin.replicaof('NO', 'ONE');
      return node('local', replica.admin);
    },
  };
}

/** Everybody logs in, and the replica knows it. */
async function logInAll({ servers, proxy }: Round, node: SessionContext): Promise<Map<string, string>> {
  const sessions = new Map<string, string>();
  for (const user of USERS) sessions.set(user, await node.logIn(user));
  await servers.linked();
  proxy.delay({ down: LINK_MS });
  return sessions;
}

/** Ends one session of each user in turn, one way or another, until the primary is gone. */
async function revokeInTurn(
  node: SessionContext,
  sessions: Map<string, string>,
): Promise<[string, Revocation][]> {
  const answered: [string, Revocation][] = [];
  for (const [i, [user, session]] of [...sessions].entries()) {
    try {
      const revocation =
        i % 2 === 0 ? await node.sessions.revokeAll(user) : await node.sessions.revoke(user, session);
      if (revocation) answered.push([user, revocation]);
    } catch {
      break;
    }
  }
  return answered;
}

async function aliveOf(node: SessionContext, users: string[]): Promise<string[]> {
  const counts = await Promise.all(users.map((user) => node.sessions.count(user)));
  return users.filter((_, i) => (counts[i] as number) > 0);
}

describe(`${FAILOVERS} failovers that lose what was on its way to the replica`, () => {
  it(
    'undo none of the revocations that were answered as durable',
    async () => {
      let confirmed = 0;
      for (let i = 0; i < FAILOVERS; i += 1) {
        const round = await begin();
        const node = await round.node('replicated');
        const sessions = await logInAll(round, node);
        const revoking = revokeInTurn(node, sessions);
        // Somewhere in the midst of them: each takes a round trip to the replica.
        await delay(LINK_MS * (3 + Math.random() * 15));
        const successor = await round.failOver();
        const durable = (await revoking).filter(([, revocation]) => revocation.durable).map(([user]) => user);
        confirmed += durable.length;
        expect(await aliveOf(successor, durable)).toEqual([]);
        for (const close of closing.splice(0).reverse()) await close();
      }
      expect(confirmed).toBeGreaterThan(FAILOVERS);
    },
    FAILOVERS * 20_000,
  );

  it('undo revocations that have not waited for the replica', async () => {
    const round = await begin();
    const node = await round.node('local');
    const sessions = await logInAll(round, node);
    const answered = await revokeInTurn(node, sessions);
    expect(answered.map(([, revocation]) => revocation)).toEqual(USERS.map(() => ({ revoked: 1 })));
    expect(await aliveOf(await round.failOver(), USERS)).not.toEqual([]);
  });
});

/** A journal in memory, which a database would be. */
class MemoryJournal extends RevocationJournal {
  isAway = false;
  private readonly kept: { atMs: number; entry: JournalEntry }[] = [];

  record(entry: JournalEntry): Promise<void> {
    this.kept.push({ atMs: Date.now(), entry });
    return Promise.resolve();
  }

  async *entries(sinceMs: number): AsyncGenerator<JournalEntry[]> {
    if (this.isAway) throw new Error('away');
    yield await Promise.resolve(this.kept.filter(({ atMs }) => atMs >= sinceMs).map(({ entry }) => entry));
  }

  nowMs(): Promise<number> {
    return this.isAway ? Promise.reject(new Error('away')) : Promise.resolve(Date.now());
  }
}

describe('a journal', () => {
  it('ends again what a failover has brought back, before a session is read', async () => {
    const round = await begin();
    const journal = new MemoryJournal();
    const client = round.servers.client(CONNECTION);
    await once(client, 'ready');
    const node = await startSessionContext(client, { journal });
    closing.push(() => node.close());
    const sessions = await logInAll(round, node);
    const answered = await revokeInTurn(node, sessions);
    expect(answered).toHaveLength(USERS.length);
    const successor = await round.failOver();
    const lost = await aliveOf(successor, USERS);
    expect(lost).not.toEqual([]);

    journal.isAway = true;
    const [replica] = round.servers.replicas as [TestReplicas['replicas'][number]];
    const after = await startSessionContext(replica.admin, { journal });
    closing.push(() => after.close());
    const read = () =>
      after.sessions.update(lost[0] as string, sessions.get(lost[0] as string) as string, () => undefined);
    await expect(read()).rejects.toThrow(SessionStoreUnavailableError);
    expect(await aliveOf(after, lost)).toEqual(lost);
    journal.isAway = false;
    await after.app.get(JournalReplay).sync();
    expect(await aliveOf(after, USERS)).toEqual([]);
    await expect(read()).rejects.toThrow(SessionEndedError);
    await after.logIn(lost[0] as string);
    await after.app.get(JournalReplay).replay(0);
    expect(await after.sessions.count(lost[0] as string)).toBe(1);
    // Of a node without a journal: what is older must not take it back.
    await successor.sessions.revokeAll(lost[0] as string);
    const { generation } = await after.sessions.takeTicket(lost[0] as string);
    await after.app.get(JournalReplay).replay(0);
    expect((await after.sessions.takeTicket(lost[0] as string)).generation).toBe(generation);
  });
});
