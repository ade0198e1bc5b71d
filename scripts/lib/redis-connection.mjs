import { once } from 'node:events';
import { createConnection } from 'node:net';

/**
 * A connection to a redis-server on a unix socket, for the two commands a start script needs. Not ioredis: nothing
 * may retry or queue here, and the end of the connection is what tells that the server has died.
 */
export class RedisConnection {
  /** @param {import('node:net').Socket} socket */
  constructor(socket) {
    this.socket = socket;
    /** Resolves when the server is gone. */
    this.closed = once(socket, 'close');
    socket.on('error', () => undefined);
  }

  /**
   * @param {string} path of the unix socket
   * @returns {Promise<RedisConnection>}
   * @throws {NodeJS.ErrnoException} such as ENOENT and ECONNREFUSED: nobody listens there
   */
  static async open(path) {
    const socket = createConnection(path);
    await once(socket, 'connect');
    return new RedisConnection(socket);
  }

  /** @returns {Promise<boolean>} false while the server is still loading its data */
  async ping() {
    this.socket.write('PING\r\n');
    const [reply] = await Promise.race([once(this.socket, 'data'), this.closed.then(() => [''])]);
    return String(reply).startsWith('+PONG');
  }

  /**
   * Tells the server to write out its append-only file and to end, and waits until it has. It answers only when it
   * cannot write; then it is told to end all the same.
   *
   * @returns {Promise<string | undefined>} why it could not write
   */
  async shutdown() {
    this.socket.write('SHUTDOWN\r\n');
    const answer = await Promise.race([once(this.socket, 'data'), this.closed.then(() => undefined)]);
    if (!answer) return undefined;
    this.socket.write('SHUTDOWN NOSAVE FORCE\r\n');
    await this.closed;
    return String(answer[0]).trim();
  }
}
