import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { temporaryDirectory } from './temporary-directory.js';

/** A way to a Redis that keeps what it is told to keep. */
export interface RedisGate {
  /** What `REDIS_URL` is set to, to go through it. */
  url: string;
  /**
   * From now on: whoever sends something that matches gets no further with it, and with nothing that comes after it on
   * the same connection. Resolves when that has happened on as many connections as are waited for.
   */
  hold(pattern: RegExp, connections: number): Promise<void>;
  close(): Promise<void>;
}

/** @param socket the Redis behind it */
export async function startRedisGate(socket: string): Promise<RedisGate> {
  const directory = temporaryDirectory('lk-gate-');
  const path = join(directory, 'gate.sock');
  const open = new Set<Socket>();
  let holds: (sent: string) => boolean = () => false;

  const server = createServer((near) => {
    const far = connect(socket);
    for (const end of [near, far]) open.add(end.on('error', () => undefined));
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
    far.pipe(near);
    near.on('data', (sent) => {
      if (!holds(sent.toString('latin1'))) far.write(sent);
      else near.pause();
    });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  return {
    url: `unix:${path}`,
    hold: (pattern, connections) =>
      new Promise((resolve) => {
        let missing = connections;
        holds = (sent) => {
          if (!pattern.test(sent)) return false;
          missing -= 1;
          if (missing === 0) resolve();
          return true;
        };
      }),
    async close() {
      for (const end of open) end.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(directory, { recursive: true, force: true });
    },
  };
}
