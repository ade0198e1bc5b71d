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

const FRONT_END = 'https://shop.example.com';
const get = (path: string, ...headers: string[]) =>
  `${[`GET ${path} HTTP/1.1`, 'Host: a', ...headers].join('\r\n')}\r\n\r\n`;

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
      allowedOrigins: [FRONT_END],
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
    socket.write(get('/health/live'));
    await once(socket, 'data');
    return socket;
  };

  /** As many requests as at once: all are there when the server looks. */
  async function ask(
    count: number,
    request = get('/auth/session', 'X-Request-Id: the-request-id', 'Connection: close'),
  ): Promise<string[]> {
    const sockets = await Promise.all(Array.from({ length: count }, dial));
    for (const socket of sockets) socket.write(request);
    return Promise.all(sockets.map((socket) => text(socket)));
  }

  /** Eight requests, all that one connection may begin at once, and one more. */
  const ninth = (request: string): string => get('/auth/session').repeat(8) + request;

  /** The answer to the last of requests that are sent in one go. */
  async function lastAnswer(requests: string): Promise<string> {
    const socket = await dial();
    socket.write(requests);
    const answers = await text(socket);
    return answers.slice(answers.lastIndexOf('HTTP/1.1 '));
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
    expect(shed(await ask(300, get(path, 'Connection: close')))).toEqual([]);
  });

  it.each([
    '/health',
    '/health/',
    '/health/anything',
    '/health/live/',
    '/health/liver',
    '/metrics/x',
    '/metricsx',
  ])('makes no exception for %s', async (path) => {
    handle = busyFor(1);
    expect(shed(await ask(300, get(path, 'Connection: close'))).length).toBeGreaterThan(0);
  });

  it('begins eight requests of one connection at once and refuses the rest, whatever they are for', async () => {
    const socket = await dial();
    socket.write(get('/health/live').repeat(99) + get('/health/live', 'Connection: close'));
    const answers = (await text(socket)).split(/(?=HTTP\/1\.1 )/);
    expect(answers.map((answer) => answer.slice(9, 12))).toEqual([
      ...Array<string>(8).fill('200'),
      ...Array<string>(92).fill('503'),
    ]);
  });

  it('turns nobody else away for one who sends very many requests at once', async () => {
    const work = busyFor(2);
    handle = (req, res) => {
      if (req.url === '/auth/session') req.headers.connection = 'close';
      work(req, res);
    };
    const [flood, ...others] = await Promise.all(Array.from({ length: 51 }, dial));
    flood?.resume().write(get('/auth/session').repeat(500));
    for (const socket of others) socket.write(get('/auth/session', 'Connection: close'));
    expect(shed(await Promise.all(others.map((socket) => text(socket))))).toEqual([]);
    flood?.destroy();
  });

  it('begins eight more when it has come to the next turn', async () => {
    const socket = await dial();
    for (let i = 0; i < 3; i++) {
      socket.write(get('/auth/session').repeat(8));
      let answers = '';
      while (answers.split('done').length <= 8 && !answers.includes('OVERLOADED'))
        answers += String((await once(socket, 'data'))[0]);
      expect(answers).not.toContain('OVERLOADED');
    }
    socket.destroy();
  });

  it.each(['Content-Length: 1000000000', 'Transfer-Encoding: chunked'])(
    'cuts off who goes on sending the body of a refused request with %s',
    async (header) => {
      const socket = await dial();
      let answers = '';
      socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
      const gone = new Promise<void>((resolve) =>
        socket.on('error', () => undefined).once('close', () => resolve()),
      );
      socket.write(ninth(`POST /auth/login HTTP/1.1\r\nHost: a\r\n${header}\r\n\r\n`));
      const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(65_536, ' '), Buffer.from('\r\n')]);
      let sent = 0;
      const send = (): void => {
        if (socket.destroyed || sent > 64 * 1_048_576) return void socket.destroy();
        sent += chunk.length;
        socket.write(chunk, send);
      };
      send();
      await gone;
      // What the kernel holds for a connection comes on top of what the program reads.
      expect(sent).toBeLessThan(16 * 1_048_576);
      expect(answers).toMatch(/503 [^]*\r\nConnection: close\r\n/);
    },
  );

  it('hangs up on who is nearly done with a body only when he is done', async () => {
    const socket = await dial();
    const length = 200_000;
    socket.write(ninth(`POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`));
    let answers = '';
    socket.on('data', (chunk: Buffer) => (answers += chunk.toString()));
    while (!answers.includes('OVERLOADED')) await once(socket, 'data');
    for (let turns = 0; turns < 20; turns++) await new Promise((resolve) => setImmediate(resolve));
    expect(socket.readableEnded).toBe(false);
    const closed = once(socket, 'close');
    socket.write(Buffer.alloc(length));
    expect(await closed).toEqual([false]);
    expect(answers).toMatch(/503 [^]*\r\nConnection: close\r\n[^]*"code":"OVERLOADED"[^]*}$/);
  });

  it('tells who asks before he sends a body, and hangs up', async () => {
    const answer = await lastAnswer(
      ninth('POST /auth/login HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 503 /);
  });

  it('lets a front end read the refusal, and nobody else, and tells caches', async () => {
    const refusalFor = (...headers: string[]) =>
      lastAnswer(ninth(get('/auth/session', 'Connection: close', ...headers)));
    const answer = await refusalFor(`Origin: ${FRONT_END}`);
    for (const line of [
      'Vary: Origin',
      `Access-Control-Allow-Origin: ${FRONT_END}`,
      'Access-Control-Allow-Credentials: true',
      'Access-Control-Expose-Headers: X-Request-Id,Retry-After,RateLimit,RateLimit-Policy,Revocation-Durable',
    ]) {
      expect(answer).toContain(`\r\n${line}\r\n`);
    }
    for (const other of [await refusalFor(), await refusalFor('Origin: https://evil.example')]) {
      expect(other).toMatch(/^HTTP\/1\.1 503 [^]*\r\nVary: Origin\r\n/);
      expect(other).not.toMatch(/access-control/i);
    }
  });

  it('always answers the preflights of front ends, and of nobody else', async () => {
    handle = busyFor(1);
    const preflight = (origin: string, ...more: string[]) =>
      get('/auth/login', 'Connection: close', `Origin: ${origin}`, ...more).replace('GET', 'OPTIONS');
    const asks = 'Access-Control-Request-Method: POST';
    expect(shed(await ask(300, preflight(FRONT_END, asks)))).toEqual([]);
    expect(shed(await ask(300, preflight('https://evil.example', asks))).length).toBeGreaterThan(0);
    expect(shed(await ask(300, preflight(FRONT_END))).length).toBeGreaterThan(0);
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
