import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';

import { startApp, type TestApp } from './support/app.js';
import { BearerClient } from './support/clients.js';

const CONNECTIONS = 150;
const FRONT_END = 'https://shop.example.com';

describe('more requests at once than the program can answer in time', () => {
  let app: TestApp;
  beforeAll(async () => {
    app = await startApp({ env: { ALLOWED_ORIGINS: FRONT_END } });
  });
  afterEach(() => void jest.restoreAllMocks());
  afterAll(() => app.close());

  /** A kept connection that has carried a request already: only one new connection is taken up at a time. */
  async function dial(): Promise<Socket> {
    const { hostname, port } = new URL(app.url);
    const socket = connect(Number(port), hostname);
    socket.write('GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    return socket;
  }

  /** All answers to requests that come in one go, on a machine on which every look at the clock takes a while. */
  async function askAll(path: string): Promise<string[]> {
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, dial));
    let nowMs = performance.now();
    jest.spyOn(performance, 'now').mockImplementation(() => (nowMs += 1));
    for (const socket of sockets)
      socket.write(`GET ${path} HTTP/1.1\r\nHost: a\r\nOrigin: ${FRONT_END}\r\nConnection: close\r\n\r\n`);
    return Promise.all(sockets.map((socket) => text(socket)));
  }

  const refused = (answers: string[]) => answers.filter((answer) => answer.startsWith('HTTP/1.1 503'));

  it('turns the last of them away with what every answer has, answers the first, and counts both', async () => {
    const answers = await askAll('/auth/session');
    const [answer = '', ...others] = refused(answers);
    expect(others.length).toBeGreaterThan(0);
    expect(answers.filter((one) => one.startsWith('HTTP/1.1 401')).length).toBeGreaterThanOrEqual(64);
    for (const header of [
      'Retry-After: 1',
      'Cache-Control: no-store',
      'Content-Security-Policy: ',
      'X-Request-Id: ',
      'Vary: Origin',
      `Access-Control-Allow-Origin: ${FRONT_END}`,
    ]) {
      expect(answer).toContain(`\r\n${header}`);
    }
    expect(answer).toContain('"code":"OVERLOADED"');
    const metrics = await new BearerClient(app.url).get('/metrics');
    const counted = /http_request_duration_seconds_count\{[^}]*status="503"[^}]*\} (\d+)/.exec(metrics.text);
    expect(Number(counted?.[1])).toBe(others.length + 1);
    expect(metrics.text).toContain(`\nlatchkey_requests_shed_total ${others.length + 1}\n`);
  });

  it('answers whether it lives all the same', async () => {
    expect(refused(await askAll('/health/live'))).toEqual([]);
  });
});
