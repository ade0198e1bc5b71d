import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import {
  Agent,
  createServer,
  request,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

import { HttpDrain } from './http-drain.js';

describe('HttpDrain', () => {
  let server: Server;
  let drain: HttpDrain;
  let agent: Agent;
  let port: number;
  let arrived: (res: ServerResponse) => void;
  beforeEach(async () => {
    server = createServer((_req, res) => arrived(res));
    drain = new HttpDrain();
    drain.watch(server);
    agent = new Agent({ keepAlive: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    ({ port } = server.address() as AddressInfo);
  });
  afterEach(() => {
    agent.destroy();
    server.closeAllConnections();
  });

  /** Sends a request; resolves when the handler has it. */
  const send = async (): Promise<{ res: ServerResponse; answer: Promise<IncomingMessage> }> => {
    const handled = new Promise<ServerResponse>((resolve) => (arrived = resolve));
    const req = request({ port, host: '127.0.0.1', agent }).end();
    const answer = once(req, 'response').then(([message]) => (message as IncomingMessage).resume());
    return { res: await handled, answer };
  };

  it('resolves at once when nobody is connected, or the server never listened', async () => {
    await drain.drain({ idleGraceMs: 60_000, deadlineMs: 60_000 });
    expect(drain.draining).toBe(true);
    const idle = new HttpDrain();
    await idle.drain({ idleGraceMs: 60_000, deadlineMs: 60_000 });
    expect(idle.draining).toBe(true);
  });

  it('waits for the answers under way and makes each the last of its connection', async () => {
    const { res, answer } = await send();
    const drained = drain.drain({ idleGraceMs: 0, deadlineMs: 60_000 });
    res.end('done');
    expect((await answer).headers.connection).toBe('close');
    await drained;
  });

  it('closes the connection of an answer that had begun before', async () => {
    const { res, answer } = await send();
    res.write('begun');
    expect((await answer).headers.connection).toBe('keep-alive');
    const drained = drain.drain({ idleGraceMs: 0, deadlineMs: 60_000 });
    await new Promise((resolve) => setTimeout(resolve, 20));
    res.end();
    await drained;
  });

  it('answers a request that comes on an open connection, and refuses new connections', async () => {
    const first = await send();
    first.res.end();
    await once(await first.answer, 'end');
    const drained = drain.drain({ idleGraceMs: 60_000, deadlineMs: 60_000 });
    const second = await send();
    second.res.end();
    expect((await second.answer).headers.connection).toBe('close');
    await drained;
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it('goes on taking connections while the delay lasts, and makes each answer the last of its connection', async () => {
    const drained = drain.drain({ delayMs: 300, idleGraceMs: 0, deadlineMs: 60_000 });
    expect(drain.draining).toBe(true);
    const { res, answer } = await send();
    res.end();
    expect((await answer).headers.connection).toBe('close');
    expect(server.listening).toBe(true);
    await drained;
    expect(server.listening).toBe(false);
  });

  it('closes idle connections when their time is over', async () => {
    const { res, answer } = await send();
    res.end();
    await once(await answer, 'end');
    await drain.drain({ idleGraceMs: 30, deadlineMs: 60_000 });
  });

  it('cuts what is not over at the deadline', async () => {
    const { answer } = await send();
    const cut = expect(answer).rejects.toThrow(/socket hang up/);
    await drain.drain({ idleGraceMs: 0, deadlineMs: 50 });
    await cut;
  });
});
