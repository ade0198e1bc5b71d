import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { rm } from 'node:fs/promises';

import { temporaryDirectory } from './temporary-directory.js';

/** A way to a redis-server on which its clock can be set, and round trips are counted. */
export interface UnixProxy {
  socket: string;
  /** How much later it is by the server's clock, as seen through here. */
  aheadSeconds: number;
  /** How often somebody has asked something after an answer. */
  roundTrips: number;
  close(): Promise<void>;
}

// The answer to TIME. Redis writes the answers to one pipeline of small ones at once.
const TIME = /\*2\r\n\$10\r\n(\d{10})\r\n\$/g;

/** @param target the server's unix socket */
export async function startUnixProxy(target: string): Promise<UnixProxy> {
  const directory = temporaryDirectory('lk-proxy-');
  const sockets = new Set<Socket>();
  const proxy = { socket: join(directory, 'proxy.sock'), aheadSeconds: 0, roundTrips: 0 };
  const server = createServer((near) => {
    const far = connect(target);
    let answered = true;
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => [near, far].forEach((one) => one.destroy()));
    }
    near.on('data', (chunk) => {
      if (answered) proxy.roundTrips += 1;
      answered = false;
      far.write(chunk);
    });
    far.on('data', (chunk) => {
      answered = true;
      const text = chunk.toString('latin1');
      const later = (_: string, seconds: string) =>
        `*2\r\n$10\r\n${Number(seconds) + proxy.aheadSeconds}\r\n$`;
      near.write(Buffer.from(text.replace(TIME, later), 'latin1'));
    });
  });
  await new Promise<void>((resolve) => server.listen(proxy.socket, resolve));
  return Object.assign(proxy, {
    async close() {
      server.close();
      sockets.forEach((socket) => socket.destroy());
      await rm(directory, { recursive: true, force: true });
    },
  });
}
