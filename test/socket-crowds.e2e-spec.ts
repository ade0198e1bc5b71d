import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';

import { SessionEndedError, type SocketSession } from '../src/session/index.js';
import { recordCommands } from './support/command-recorder.js';
import { poll } from './support/redis-process.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { closedSoon, openSocket, refusedUpgrade, SOON_MS, type TestSocket } from './support/socket-client.js';
import { endOf, isHeard, openSession, type SocketHost, startSocketHost } from './support/socket-host.js';

// Not as the tests' own user, so that its rights can be taken away.
const AS_THE_PROGRAM = { username: undefined, password: undefined };
const SESSION_ENDED = { code: 4401, reason: 'SESSION_ENDED' };

describe('connections of many', () => {
  let redis: TestRedis;
  let admin: Redis;
  let near: SocketHost;
  let far: SocketHost;

  beforeEach(async () => {
    redis = await startSingleRedis();
    admin = redis.client();
    near = await startSocketHost(redis.client(AS_THE_PROGRAM), { maxSessions: 0, maxSocketsPerSession: 4 });
    far = await startSocketHost(redis.client(AS_THE_PROGRAM), { maxSessions: 0 });
  });
  afterEach(async () => {
    await near.close();
    await far.close();
    await redis.stop();
  });

  const openMany = async (users: number, sessionsOfEach: number): Promise<SocketSession[]> => {
    const sockets: SocketSession[] = [];
    for (let user = 0; user < users; user++) {
      const logins = Array.from({ length: sessionsOfEach }, () => near.login(`user=user${user}`));
      for (const headers of await Promise.all(logins)) sockets.push(await openSession(near, headers));
    }
    await poll(async () => isHeard(admin));
    return sockets;
  };

  it('are refused with 429 beyond the limit of a session, and let in when one of them is closed', async () => {
    const headers = await near.login();
    const open: TestSocket[] = [];
    for (let i = 0; i < 4; i++) open.push(await openSocket(near.socketUrl, headers));
    const answer = await refusedUpgrade(near.socketUrl, headers);
    expect([answer.status, answer.body.code]).toEqual([429, 'TOO_MANY_CONNECTIONS']);
    expect(answer.headers.get('retry-after')).toBe('5');
    // Another session of the same user has a limit of its own, and so has another node.
    (await openSocket(near.socketUrl, await near.login())).close();
    (await openSocket(far.socketUrl, headers)).close();
    open.pop()?.close();
    await poll(async () => near.sockets.size === 3);
    (await openSocket(near.socketUrl, headers)).close();
    for (const socket of open) socket.close();
  });

  it('end with their session also when one that has gone already comes upon its end', async () => {
    const headers = await near.login();
    const gone = await openSession(near, headers);
    gone.release();
    const left = await openSession(near, headers);
    const end = endOf(left);
    await poll(async () => isHeard(admin));
    // Past every script, so that nobody is told before what a handler was doing while its page was reloaded finds out.
    await admin.del(await admin.keys('lk:sess:*'));
    await expect(gone.update(() => undefined)).rejects.toThrow(SessionEndedError);
    await far.sessions.revokeAll(left.userId);
    expect(await end).toMatchObject(SESSION_ENDED);
  });

  it('cost one look per session, not per socket, when something has ended under their tag', async () => {
    const headers = await near.login();
    const other = await near.login();
    const sockets: TestSocket[] = [];
    for (let i = 0; i < 4; i++) sockets.push(await openSocket(near.socketUrl, headers));
    const ending = await openSocket(near.socketUrl, other);
    await poll(async () => isHeard(admin));
    const recorder = await recordCommands(redis);
    const commands = await recorder.during(async () => {
      await far.call('/logout', other);
      expect(await closedSoon(ending)).toEqual(SESSION_ENDED);
      expect(await sockets[0]?.ask('who')).toMatchObject({ userId: 'ada' });
    });
    // The request of the logout, and a look at each of the two sessions.
    expect(commands.filter((name) => name === 'mget')).toHaveLength(3);
    for (const socket of sockets) socket.close();
  });

  it('are closed within a second when the news of their end were lost, a thousand of them', async () => {
    const sockets = await openMany(10, 100);
    const ends = sockets.map((session) => endOf(session));
    await admin.acl('SETUSER', 'default', '-subscribe');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await poll(async () => !(await isHeard(admin)));
    const startMs = performance.now();
    for (let user = 0; user < 10; user++) await far.sessions.revokeAll(`user${user}`);
    const ended = await Promise.all(ends);
    expect(ended.every(({ code }) => code === 4401)).toBe(true);
    expect(Math.max(...ended.map(({ atMs }) => atMs)) - startMs).toBeLessThan(SOON_MS);
    expect(near.sockets.size).toBe(0);
  });

  it('cost Redis a few pings a second while nothing happens, however many they are, and nothing when they are gone', async () => {
    const sockets = await openMany(2, 50);
    const recorder = await recordCommands(redis);
    const SECONDS = 2;
    const commands = await recorder.during(
      () => new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000)),
    );
    expect(new Set(commands.filter((name) => name !== 'client'))).toEqual(new Set(['ping']));
    expect(commands.filter((name) => name === 'ping').length).toBeLessThanOrEqual(SECONDS * 4);
    for (const session of sockets) session.release();
    await poll(async () => !(await isHeard(admin)));
  });

  it('end when one of them is touched whose session has gone, and say so', async () => {
    const headers = await near.login();
    const [session, other] = [await openSession(near, headers), await openSession(near, headers)];
    const ends = Promise.all([endOf(session), endOf(other)]);
    await admin.acl('SETUSER', 'default', '-publish');
    await far.call('/logout', headers);
    near.store.engine.isTouchDue = () => true;
    await expect(session.touch()).rejects.toThrow('This session has ended');
    expect((await ends).map(({ code }) => code)).toEqual([4401, 4401]);
    await expect(session.touch()).rejects.toThrow('This session has ended');
    expect(near.sockets.size).toBe(0);
  });
});
