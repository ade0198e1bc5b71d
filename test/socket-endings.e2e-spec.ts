import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';

import type { SessionModuleOptions } from '../src/session/index.js';
import { poll } from './support/redis-process.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';
import { userNamed } from './support/session-host.js';
import { closedSoon, openSocket, SOON_MS, type TestSocket } from './support/socket-client.js';
import { isHeard, type SocketHost, startSocketHost } from './support/socket-host.js';

const HOUR = 3_600_000;
// With the rights that docs/session-format.md lists, and no others.
const AS_THE_PROGRAM = { username: undefined, password: undefined };
const SESSION_ENDED = { code: 4401, reason: 'SESSION_ENDED' };

describe('an open WebSocket, with another node that ends its session', () => {
  let redis: TestRedis;
  let client: Redis;
  let near: SocketHost;
  let far: SocketHost;

  const start = async (options: Partial<SessionModuleOptions> = {}) => {
    near = await startSocketHost(redis.client(AS_THE_PROGRAM), options);
    far = await startSocketHost(redis.client(AS_THE_PROGRAM), options);
  };

  beforeAll(async () => {
    redis = await startRedis(programMayOnly());
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());
  afterEach(async () => {
    await near.close();
    await far.close();
  });

  /** A socket on this node whose news are heard already, so that what follows is about them and not about the start. */
  const open = async (headers: Record<string, string>): Promise<TestSocket> => {
    const socket = await openSocket(near.socketUrl, headers);
    await poll(async () => isHeard(client));
    return socket;
  };

  describe('is closed with 4401 by', () => {
    beforeEach(() => start());

    it('a logout', async () => {
      const headers = await near.login();
      const socket = await open(headers);
      await far.call('/logout', headers);
      expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
      expect(near.sockets.size).toBe(0);
    });

    it('the revocation of one session, and only that one', async () => {
      const other = await open(await near.login());
      const socket = await open(await near.bearer());
      const session = (await far.sessions.list('ada')).find(({ device }) => device) as { id: string };
      const { sessionId } = (await socket.ask('who')) as { sessionId: string };
      expect(session).toBeDefined();
      await far.sessions.revoke('ada', sessionId);
      expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
      expect(await other.ask('who')).toMatchObject({ userId: 'ada' });
      other.close();
    });

    it('the revocation of all of the user, and of nobody else', async () => {
      const sockets = [await open(await near.login()), await open(await near.bearer())];
      const other = await open(await near.login('user=bob'));
      await far.sessions.revokeAll('ada');
      expect(await Promise.all(sockets.map((one) => closedSoon(one)))).toEqual([
        SESSION_ENDED,
        SESSION_ENDED,
      ]);
      expect(await other.ask('who')).toMatchObject({ userId: 'bob' });
      other.close();
    });

    it('the revocation of the others, but not of the one that stays', async () => {
      const kept = await open(await near.login());
      const socket = await open(await near.login());
      const { sessionId } = (await kept.ask('who')) as { sessionId: string };
      await far.sessions.revokeOthers('ada', sessionId);
      expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
      expect(await kept.ask('count')).toEqual({ n: 1 });
      kept.close();
    });

    it("the end of everybody's sessions", async () => {
      const sockets = [await open(await near.login()), await open(await near.login('user=bob'))];
      await far.sessions.revokeEveryone();
      expect(await Promise.all(sockets.map((one) => closedSoon(one)))).toEqual([
        SESSION_ENDED,
        SESSION_ENDED,
      ]);
    });

    it('the disabling of the user', async () => {
      const socket = await open(await near.login());
      const { roles, email, displayName } = userNamed('ada');
      await far.sessions.setPrincipal('ada', { roles, email, displayName, disabled: true }, 2);
      expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
    });

    it('a rotation to a new id, with which it can be opened again', async () => {
      const headers = await near.login();
      const socket = await open(headers);
      const answer = await far.call('/rotate', headers);
      expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
      const cookie = answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
      (await openSocket(near.socketUrl, { ...headers, cookie })).close();
    });
  });

  it('is closed when a login beyond the limit evicts its session', async () => {
    await start({ maxSessions: 1 });
    const socket = await open(await near.login());
    await far.login();
    expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
  });

  it('is closed at the idle timeout, which being open does not slide', async () => {
    await start({ lifetimes: { web: { idleTimeoutMs: 1_000, absoluteTimeoutMs: HOUR } } });
    const socket = await open(await near.login());
    await socket.ask('note', 'a message is no use unless the application says so');
    expect(await closedSoon(socket, 1_000 + SOON_MS)).toEqual(SESSION_ENDED);
  });

  it('stays open beyond the idle timeout while the application declares use, or another node sees it', async () => {
    await start({ lifetimes: { web: { idleTimeoutMs: 1_000, absoluteTimeoutMs: HOUR } } });
    const headers = await near.login();
    const socket = await open(headers);
    const untilMs = performance.now() + 2_200;
    while (performance.now() < untilMs) {
      await socket.ask('touch');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    for (let i = 0; i < 15; i++) {
      await far.call('/count', headers);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(await socket.ask('who')).toMatchObject({ userId: 'ada' });
    socket.close();
  });

  it('is closed when another node has shortened its session, soon after that is over', async () => {
    await start();
    const headers = await near.login();
    const socket = await open(headers);
    await far.call('/shorten', headers);
    expect(await closedSoon(socket, 500 + SOON_MS)).toEqual(SESSION_ENDED);
  });

  it('is told nothing of saves that shorten nothing', async () => {
    await start();
    const headers = await near.login();
    const told: string[] = [];
    const listener = redis.client();
    listener.on('message', (_channel, tag) => told.push(tag));
    await listener.subscribe('lk:ended');
    for (let i = 0; i < 3; i++) await far.call('/count', headers);
    await far.call('/logout', headers);
    await poll(async () => told.length > 0);
    expect(told).toHaveLength(1);
  });

  it('is closed at the absolute timeout, whatever is done', async () => {
    await start({ lifetimes: { web: { idleTimeoutMs: 1_500, absoluteTimeoutMs: 1_500 } } });
    const socket = await open(await near.login());
    const using = setInterval(() => void socket.ask('count').catch(() => undefined), 100);
    expect(await closedSoon(socket, 1_500 + SOON_MS)).toEqual(SESSION_ENDED);
    clearInterval(using);
  });

  it('handles no message once its session has ended, whatever the client goes on sending', async () => {
    await start();
    const socket = await open(await near.login());
    expect(await socket.ask('note', 'before')).toBe(1);
    await far.sessions.revokeAll('ada');
    // Sends without a pause, and does not answer the close frame: the server has to cut it off.
    (
      socket.socket as unknown as { _receiver: { removeAllListeners(event: string): void } }
    )._receiver.removeAllListeners('conclude');
    const ended = poll(async () => near.sockets.size === 0);
    const sending = setInterval(() => socket.socket.send(JSON.stringify({ event: 'note', data: 'late' })), 1);
    await ended;
    const known = near.handled.length;
    await socket.closed;
    clearInterval(sending);
    expect(near.handled.length).toBe(known);
  });

  it('follows a change of roles', async () => {
    await start();
    const socket = await open(await near.login());
    const { email, displayName } = userNamed('ada');
    await far.sessions.setPrincipal('ada', { roles: ['clerk'], email, displayName, disabled: false }, 2);
    await poll(async () => String(((await socket.ask('who')) as { roles: string[] }).roles) === 'clerk');
    socket.close();
  });

  it('loses no change of its session to other sockets, nodes and requests', async () => {
    await start();
    const headers = await near.login();
    const sockets = [
      await openSocket(near.socketUrl, headers),
      await openSocket(near.socketUrl, headers),
      await openSocket(far.socketUrl, headers),
      await openSocket(far.socketUrl, headers),
    ];
    const TIMES = 15;
    await Promise.all([
      ...sockets.map(async (socket) => {
        for (let i = 0; i < TIMES; i++) await socket.ask('count');
      }),
      ...Array.from({ length: TIMES }, () => far.call('/count', headers)),
    ]);
    expect(await sockets[0]?.ask('read')).toEqual({ n: (sockets.length + 1) * TIMES });
    for (const socket of sockets) socket.close();
  });

  it('is closed when its session is revoked while it is being opened, after it was read', async () => {
    await start();
    // So that news are heard already.
    const other = await open(await near.login('user=bob'));
    const headers = await near.login();
    const { engine } = near.store;
    const load = engine.load.bind(engine);
    engine.load = async (...args) => {
      const found = await load(...args);
      if (found?.principal?.id !== 'ada') return found;
      engine.load = load;
      const heard = new Promise((resolve) => {
        // What comes after it is heard after it.
        other.closed.then(resolve, resolve);
      });
      await far.sessions.revokeAll('ada');
      await far.sessions.revokeAll('bob');
      await heard;
      return found;
    };
    const socket = await openSocket(near.socketUrl, headers).catch(() => undefined);
    if (socket) expect(await closedSoon(socket)).toEqual(SESSION_ENDED);
    expect(near.sockets.size).toBe(0);
  });

  it('changes nothing once its session has ended, also before it is closed', async () => {
    await start();
    const headers = await near.login();
    const session = await near.sockets.open({
      headers,
      rawHeaders: [],
    } as unknown as Parameters<SocketHost['sockets']['open']>[0]);
    await far.call('/logout', headers);
    await expect(session.update((data) => (data['n'] = 1))).rejects.toThrow('This session has ended');
    await expect(session.read()).rejects.toThrow('This session has ended');
    expect(session.hasEnded).toBe(true);
    session.release();
  });
});
