import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';

import { RedisSessionStore, type Operation, type SessionEvent } from '../src/session/index.js';
import { compiledSources } from './support/compiled-sources.js';
import { intercept } from './support/intercept.js';
import { TOPOLOGIES, type TestTopology } from './support/redis-topologies.js';
import { INDEX_KEY, type SessionHost, startSessionHost } from './support/session-host.js';

// Another node takes over after a lease of five seconds, at its next look, every five seconds.
jest.setTimeout(60_000);

describe.each(TOPOLOGIES)('ending everybody’s sessions on $name', ({ start }) => {
  let redis: TestTopology;
  let client: Redis | Cluster;
  let host: SessionHost;
  let events: SessionEvent[];
  const others: SessionHost[] = [];
  const children: ChildProcess[] = [];

  beforeAll(async () => {
    redis = await start();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.flush();
    client = redis.client();
    events = [];
    host = await startSessionHost(client, {
      observer: { onSessionEvent: (event) => void events.push(event) },
    });
  });
  afterEach(async () => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
    for (const one of [host, ...others.splice(0)]) await one.close();
    client.disconnect();
  });

  const finished = async (id: string, on = host): Promise<Operation> => {
    for (;;) {
      const operation = await on.sessions.findOperation(id);
      if (operation?.state !== 'running') return operation as Operation;
      await delay(10);
    }
  };
  /** Logs people in, `each` times. @returns their cookies */
  const logIn = (people: number, each = 1): Promise<string[]> =>
    Promise.all(Array.from({ length: people * each }, (_, i) => host.login(`user=user-${i % people}`)));
  const visit = async (item = 'tea'): Promise<void> => {
    expect((await host.call('POST', `/cart?item=${item}`)).status).toBe(201);
  };
  /** Runs `before` each time the host is about to count or to end the sessions of a user. */
  const beforeScript = (what: 'count' | 'end', before: () => Promise<unknown>): void =>
    intercept(client, 'lkEndUserSessions', async (args, proceed) => {
      if (args[5] === (what === 'end' ? '1' : '0')) await before();
      return proceed();
    });

  it('ends all of them on every server, visitors’ too, keeps the caller’s, and counts what it ended', async () => {
    const cookies = await logIn(40, 3);
    await Promise.all([visit(), visit(), visit()]);
    const caller = await host.login('user=caller');
    await host.login('user=caller');
    for (const admin of redis.admins) expect(await admin.dbsize()).toBeGreaterThan(10);
    const current = (await (await host.call('GET', '/me', { cookie: caller })).json()) as { user: string };
    expect(current.user).toBe('caller');
    const [, mine] = await host.sessions.list('caller');
    const { operationId } = await host.sessions.revokeEveryone({
      keep: { userId: 'caller', sessionId: mine?.id as string },
    });

    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 40 * 3 + 3 + 1 });
    expect(await redis.keys('lk:sess:*')).toHaveLength(1);
    expect(await redis.keys('lk:idx:*')).toHaveLength(1);
    expect(await host.sessions.list('caller')).toEqual([expect.objectContaining({ id: mine?.id })]);
    expect((await host.me({ cookie: caller })).user).toBe('caller');
    for (const cookie of cookies) expect((await host.me({ cookie })).user).toBeNull();
    const counted = events.filter((event) => event.type === 'ended' && event.reason === 'revoked-all');
    expect(counted.reduce((sum, event) => sum + (event.type === 'ended' ? event.count : 0), 0)).toBe(124);
  });

  it('does not count what had ended before', async () => {
    await logIn(1, 3);
    await host.sessions.revokeAll('user-0');
    // The record of a session that a revoke-all ended and has not swept yet.
    const survivor = await host.login('user=late');
    await client.set(await generationKey('late'), String(Date.now() + 60_000));
    expect((await host.me({ cookie: survivor })).user).toBeNull();
    const { operationId } = await host.sessions.revokeEveryone();
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 0 });
    expect(await redis.keys('lk:sess:*')).toEqual([]);
  });
  const generationKey = async (user: string): Promise<string> => {
    const [index] = (await redis.keys('lk:idx:*')) as [string];
    expect(await host.sessions.count(user)).toBe(1);
    return index.replace('idx:', 'gen:');
  };

  it('sends a bounded number of commands per chunk', async () => {
    await logIn(300);
    const keys = await redis.keys('lk:*');
    const seen: string[][] = [];
    const monitors = await Promise.all(redis.admins.map((admin) => admin.monitor()));
    for (const monitor of monitors) {
      monitor.on('monitor', (_time: string, args: string[], source: string) => {
        if (source !== 'lua') seen.push(args);
      });
    }
    const { operationId } = await host.sessions.revokeEveryone();
    expect((await finished(operationId)).revoked).toBe(300);
    for (const monitor of monitors) monitor.disconnect();

    const scans = seen.filter(([name]) => name === 'scan');
    const scripts = seen.filter(([name]) => name?.startsWith('eval'));
    expect(scans.length).toBeGreaterThanOrEqual(Math.floor(keys.length / 200));
    for (const scan of scans) expect(scan.slice(-2)).toEqual(['COUNT', '200']);
    // To count and to end, for a record and for its index; and a note for each chunk.
    expect(scripts.length).toBeLessThanOrEqual(2 * keys.length + scans.length + 20);
    expect(seen.some(([name]) => name === 'keys')).toBe(false);
  });

  it('ends the sessions of a user who has more than one script takes', async () => {
    const store = new RedisSessionStore({
      client,
      indexKeys: [INDEX_KEY],
      userId: (session) => (session as unknown as { userId?: string }).userId,
      maxSessions: 0,
    });
    for (let i = 0; i < 450; i += 1) {
      const session = { cookie: { originalMaxAge: null }, userId: 'ada' };
      await store.set(store.createSessionId('ada'), session);
    }
    const { operationId } = await host.sessions.revokeEveryone();
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 450 });
    expect(await redis.keys('lk:sess:*')).toEqual([]);
  });

  it('is not stopped by keys that are no sessions', async () => {
    await logIn(1);
    const tag = 't'.repeat(16);
    await client.set(`lk:idx:{${tag}}`, 'no sorted set');
    await client.sadd(`lk:sess:{${tag}}:${'d'.repeat(43)}`, 'no record');
    await client.sadd(`lk:sess:{${'v'.repeat(15)}}:${'v'.repeat(43)}`, 'no record');
    await client.set('lk:sess:{', 'no key of ours');
    const { operationId } = await host.sessions.revokeEveryone();
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 1 });
    expect(await redis.keys('lk:[si]*')).toEqual(['lk:sess:{']);
  });

  it('lets no login slip past that began before it', async () => {
    const { open, waiting } = host.gate.close();
    const slow = host.call('POST', '/login');
    await waiting;
    const { operationId } = await host.sessions.revokeEveryone();
    await finished(operationId);
    open();
    expect((await slow).status).toBe(401);
    expect(await redis.keys('lk:sess:*')).toEqual([]);
  });

  it('lets no rotation carry a session past it', async () => {
    const [cookie] = (await logIn(1)) as [string];
    let rotated: globalThis.Response | undefined;
    beforeScript('end', async () => {
      rotated ??= await host.call('POST', '/rotate', { cookie });
    });
    const { operationId } = await host.sessions.revokeEveryone();
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 1 });
    expect(rotated?.status).toBe(401);
    expect(await redis.keys('lk:sess:*')).toEqual([]);
  });

  it('begins anew for whoever calls while it is under way, and keeps that session instead', async () => {
    await logIn(5);
    await host.login('user=first');
    const sessionOf = async (userId: string) => ({
      keep: { userId, sessionId: (await host.sessions.list(userId))[0]?.id as string },
    });
    const keepFirst = await sessionOf('first');
    let joined: { operationId: string } | undefined;
    let second = '';
    const join = async () => {
      second = await host.login('user=second');
      joined = await host.sessions.revokeEveryone(await sessionOf('second'));
    };
    let joining: Promise<void> | undefined;
    beforeScript('count', () => (joining ??= join()));
    const { operationId } = await host.sessions.revokeEveryone(keepFirst);
    expect(await finished(operationId)).toEqual({ state: 'done', revoked: 6 });
    expect(joined).toEqual({ operationId });
    expect(await host.sessions.count('first')).toBe(0);
    expect((await host.me({ cookie: second })).user).toBe('second');
  });

  it.each(['counted', 'half-ended'])(
    'is finished by another node, and counted right, when the first dies after it has %s a chunk',
    async (point) => {
      await logIn(20, 2);
      await visit();
      const other = await startSessionHost(redis.client());
      others.push(other);
      const child = spawn(
        process.execPath,
        [
          fileURLToPath(new URL('./support/everyone-node.mjs', import.meta.url)),
          await compiledSources(),
          JSON.stringify(redis.address),
          point,
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      children.push(child);
      const ended = once(child, 'exit');
      let operationId = '';
      for await (const line of createInterface(child.stdout)) {
        operationId ||= /^operation (.+)/.exec(line)?.[1] ?? '';
        if (line === 'there') break;
      }
      child.kill('SIGKILL');
      expect(await ended).toEqual([null, 'SIGKILL']);
      expect(await redis.keys('lk:sess:*')).not.toEqual([]);

      expect(await finished(operationId)).toEqual({ state: 'done', revoked: 41 });
      expect(await redis.keys('lk:sess:*')).toEqual([]);
    },
  );
});
