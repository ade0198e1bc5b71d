import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

import { EventStream } from './event-stream.js';

const TEXT = 'x'.repeat(1_000);

describe('EventStream', () => {
  let server: Server;
  let socket: Socket;
  let res: ServerResponse;
  let stream: EventStream;

  beforeEach(async () => {
    server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    // Nobody reads it yet.
    socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: test\r\n\r\n');
    [, res] = (await once(server, 'request')) as [unknown, ServerResponse];
    stream = new EventStream(res);
  });
  afterEach(() => {
    socket.destroy();
    server.close();
  });

  const send = (events: number) => {
    for (let i = 0; i < events; i += 1) stream.send('filler', { text: TEXT });
  };
  /** Until the buffers of the connection are full, and more than may wait is left over. */
  const fill = async () => {
    for (let i = 0; i < 300 && !res.destroyed; i += 1) {
      send(60);
      await new Promise((resolve) => setImmediate(resolve));
      if (res.writableLength > 100_000) return;
    }
    throw new Error('a connection that takes everything');
  };

  it('brings all of what is sent in one turn', async () => {
    send(2_000);
    stream.end();
    let read = '';
    socket.setEncoding('utf8').on('data', (text: string) => (read += text));
    await once(socket, 'end');
    expect(read.split('event: filler\n')).toHaveLength(2_001);
  });

  it('keeps a bounded amount for a client that never reads', async () => {
    const closed = once(res, 'close');
    let most = 0;
    for (let i = 0; i < 40_000 && !res.destroyed; i += 1) {
      send(1);
      most = Math.max(most, res.writableLength);
      if (i % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await closed;
    expect(most).toBeLessThan(4_300_000);
  });

  it('gives a client that does not read fifteen seconds, however little it left unread', async () => {
    await fill();
    const closed = once(res, 'close');
    stream.beat(1_000, Infinity);
    stream.beat(15_999, Infinity);
    expect(res.destroyed).toBe(false);
    stream.beat(16_000, Infinity);
    await closed;
  });

  it('begins to wait anew for a client that has taken everything meanwhile', async () => {
    await fill();
    stream.beat(1_000, Infinity);
    const room = stream.room();
    socket.resume();
    await room;
    socket.pause();
    await fill();
    stream.beat(16_000, Infinity);
    expect(res.destroyed).toBe(false);
  });

  it.each<[string, () => unknown]>([
    ['the client reads', () => socket.resume()],
    ['it has gone', () => socket.destroy()],
    ['it ends', () => stream.end()],
  ])('has whoever waits for room go on when %s', async (_what, happen) => {
    await fill();
    let isWaiting = true;
    const room = stream.room().then(() => (isWaiting = false));
    await new Promise((resolve) => setImmediate(resolve));
    expect(isWaiting).toBe(true);
    happen();
    await room;
  });

  it('has nobody wait while there is room', async () => {
    send(10);
    await stream.room();
  });
});
