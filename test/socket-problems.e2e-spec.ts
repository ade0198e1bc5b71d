import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';

import { PROBLEMS, type ProblemCode, problemType } from '../src/problem/index.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { SECRET } from './support/session-host.js';
import { closedSoon, openSocket, type TestSocket } from './support/socket-client.js';
import { type SocketHost, startSocketHost } from './support/socket-host.js';

describe('what a gateway throws is answered', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SocketHost;
  let socket: TestSocket;

  beforeEach(async () => {
    redis = await startRedis();
    client = redis.client();
    host = await startSocketHost(client);
    socket = await openSocket(host.socketUrl, await host.login());
  });
  afterEach(async () => {
    socket.close();
    await host.close();
    await redis.stop();
  });

  const problem = (code: ProblemCode, pattern: string) => ({
    type: problemType(code),
    title: PROBLEMS[code].title,
    status: PROBLEMS[code].status,
    detail: expect.any(String),
    code,
    pattern,
  });

  it.each<[string, ProblemCode]>([
    ['conflict', 'SESSION_CONFLICT'],
    ['away', 'SESSION_STORE_UNAVAILABLE'],
    ['forbidden', 'FORBIDDEN'],
  ])('as a problem with its code: %s', async (what, code) => {
    const answer = await socket.ask('fail', what);
    expect(answer).toEqual(problem(code, 'fail'));
    expect(JSON.stringify(answer)).not.toContain('what the host says');
  });

  it('by closing the connection, when it is that the session has ended', async () => {
    const said = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    // Nobody has heard of it yet.
    await client.flushall();
    socket.socket.send(JSON.stringify({ event: 'read' }));
    expect(await closedSoon(socket)).toEqual({ code: 4401, reason: 'SESSION_ENDED' });
    expect(said).not.toHaveBeenCalled();
    said.mockRestore();
  });

  it('as a fault that says nothing, and is logged', async () => {
    const said = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const answer = await socket.ask('fail', 'a fault');
    expect(answer).toEqual(problem('INTERNAL_ERROR', 'fail'));
    expect(JSON.stringify(answer)).not.toContain(SECRET);
    expect(said.mock.calls.join('\n')).toContain('a message failed: ');
    said.mockRestore();
  });

  it("as it is, when it is a WsException of the host's own", async () => {
    expect(await socket.ask('fail', 'own')).toEqual({ status: 'error', message: 'as the host likes it' });
  });
});
