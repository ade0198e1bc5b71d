import { once } from 'node:events';
import { createServer } from 'node:net';
import { SetupError } from './say.mjs';

const PORTS_TO_TRY = 50;

/**
 * @param {number} first
 * @returns {Promise<number>} the first port from there on that nothing on this machine listens on
 * @throws {SetupError} when there is none near it.
 */
export async function freePort(first) {
  for (let port = first; port < first + PORTS_TO_TRY; port += 1) {
    const server = createServer();
    try {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
      await once(server.close(), 'close');
      return port;
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EADDRINUSE') throw error;
    }
  }
  throw new SetupError(`Every port from ${first} on is taken. Set PORT to a free one.`);
}
