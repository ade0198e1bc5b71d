import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';

import { shedLoad } from './load-shedding.js';

/** Keeps the event loop busy with each request, as real work does, but for those that only open a connection. */
function busyFor(ms: number): RequestListener {
  return (req, res) => {
    const until = performance.now() + (req.headers.connection === 'close' ? ms : 0);
    while (performance.now() < until);
    res.end('done');
  };
}

describe('shedLoad', () => {
  let server: Server;
  let handle: RequestListener;
  let observed: number;
  let reported: number[];
  beforeEach(async () => {
    observed = 0;
    reported = [];
    server = createServer((req, res) => handle(req, res));
    shedLoad(server, {
      headers: { 'X-Content-Type-Options': 'nosniff' },
      observe: () => void (observed += 1),
      report: (count) => void reported.push(count),
    });
    handle = (_req, res) => void res.end('done');
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  /** A kept connection that has carried a request: the event loop takes up only one new connection a turn. */
  const dial = async (): Promise<Socket> => {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    return socket;
  };

  /** As many requests as at once: all are there when the server looks. */
  async function ask(count: number, path = '/auth/session'): Promise<string[]> {
    const sockets = await Promise.all(Array.from({ length: count }, dial));
    const request = `GET ${path} HTTP/1.1\r\nHost: a\r\nX-Request-Id: the-request-id\r\nConnection: close\r\n\r\n`;
    for (const socket of sockets) socket.write(request);
    return Promise.all(sockets.map((socket) => text(socket)));
  }

  const shed = (answers: string[]) => answers.filter((answer) => answer.startsWith('HTTP/1.1 503'));

  it('turns away what comes on top of a turn that is full, and answers the rest', async () => {
    handle = busyFor(2);
    const answers = await ask(400);
    const refused = shed(answers);
    expect(refused.length).toBeGreaterThan(0);
    expect(answers.filter((answer) => answer.startsWith('HTTP/1.1 200'))).toHaveLength(400 - refused.length);
    expect(400 - refused.length).toBeGreaterThanOrEqual(64);
    expect(observed).toBe(refused.length);
  });

  it('says what happened and when to come back, with the headers of every answer', async () => {
    handle = busyFor(2);
    const [answer = ''] = shed(await ask(400));
    const [head = '', body = ''] = answer.split('\r\n\r\n');
    for (const line of [
      'Content-Type: application/problem+json',
      'Cache-Control: no-store',
      'Retry-After: 1',
      'X-Request-Id: the-request-id',
      'X-Content-Type-Options: nosniff',
    ]) {
      expect(head).toContain(`\r\n${line}`);
    }
    expect(head).not.toMatch(/set-cookie/i);
    expect(JSON.parse(body)).toMatchObject({ status: 503, code: 'OVERLOADED', requestId: 'the-request-id' });
  });

  it.each(['/health/live', '/health/ready?x', '/metrics'])('always answers %s', async (path) => {
    handle = busyFor(1);
    expect(shed(await ask(300, path))).toEqual([]);
  });

  it('turns nobody away while few requests are there at once, however slow they are', async () => {
    handle = busyFor(3);
    expect(shed(await ask(60))).toEqual([]);
  });

  it('answers again as soon as the load is over', async () => {
    handle = busyFor(2);
    expect(shed(await ask(400)).length).toBeGreaterThan(0);
    expect(shed(await ask(20))).toEqual([]);
  });

  it('refuses a server that has no handler yet', () => {
    expect(() => shedLoad(createServer())).toThrow('its handler');
  });
});
