/**
 * Tells the harness where this peer listens.
 *
 * @param {import('node:http').Server} server which listens already
 */
export function sayWhere(server) {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('does not listen on a port');
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${address.port}` })}\n`);
}

/** Where its Redis is. */
export const REDIS_SOCKET = process.env['REDIS_SOCKET'] ?? '';

export const SECRET = 'a-session-secret-of-the-benchmark-only';
