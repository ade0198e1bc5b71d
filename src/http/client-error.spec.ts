import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type RequestListener, type Server } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { answerClientErrors } from './client-error.js';

describe('answerClientErrors', () => {
  let server: Server;
  let handle: RequestListener;
  beforeEach(async () => {
    const timeouts = { headersTimeout: 20, requestTimeout: 20, connectionsCheckingInterval: 10 };
    server = createServer(timeouts, (req, res) => handle(req, res));
    answerClientErrors(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterEach(() => new Promise((resolve) => server.close(resolve)));

  const dial = (): Socket => connect((server.address() as AddressInfo).port, '127.0.0.1');

  it('answers 408 to a request that does not arrive', async () => {
    const socket = dial();
    socket.write('POST / HTTP/1.1\r\nHost: a\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nContent-Type: application\/problem\+json/);
    expect(answer).toContain('"code":"REQUEST_TIMEOUT"');
  });

  it('cuts an answer that has begun, instead of putting another one into it', async () => {
    const socket = dial();
    handle = (_req, res) => {
      res.writeHead(200, { 'Content-Length': '1000' });
      res.write('the beginning', () => socket.write('garbage\r\n\r\n'));
    };
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    const answer = await text(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK[^]*the beginning$/);
    expect(answer).not.toContain('400');
  });

  it('answers what follows an answer that has ended', async () => {
    const socket = dial();
    handle = (_req, res) => res.end(() => socket.write('garbage\r\n\r\n'));
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 200 OK[^]*HTTP\/1\.1 400 Bad Request/);
  });

  it('relays nothing, and says so', async () => {
    const socket = dial();
    socket.write('CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n');
    expect(await text(socket)).toMatch(/^HTTP\/1\.1 405 Method Not Allowed\r\n[^]*\r\nAllow: \r\n/);
  });
});
