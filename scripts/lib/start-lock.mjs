import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';

/**
 * Keeps a folder for this process: two redis-servers on one append-only file would destroy it. A unix socket is the
 * lock, since it is held exactly as long as its process lives, however that ends.
 *
 * @param {string} path of the socket
 * @returns {Promise<(() => void) | undefined>} releases the lock; undefined: another process has it
 */
export async function takeLock(path) {
  const server = createServer((socket) => socket.destroy());
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      server.listen(path);
      await once(server, 'listening');
      server.unref();
      return () => server.close();
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
      if (await answers(path)) return undefined;
      rmSync(path, { force: true });
    }
  }
  return undefined;
}

/** @param {string} path */
async function answers(path) {
  const socket = createConnection(path);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
