// (f) The ceiling: node:http and one auto-pipelined GET of a session whose name the cookie is. No signature, no expiry.
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { REDIS_SOCKET, sayWhere } from './listening.mjs';
import { answerOf, checkPassword, findPerson } from './people.mjs';

const redis = new Redis(REDIS_SOCKET, { enableAutoPipelining: true });

/**
 * @param {import('node:http').IncomingMessage} req
 * @returns {Promise<[status: number, body?: unknown, headers?: Record<string, string>]>}
 */
async function answer(req) {
  if (req.method === 'POST') {
    const { email, password } = JSON.parse(await text(req));
    const user = await checkPassword(email, password);
    if (!user) return [401];
    const id = randomBytes(24).toString('base64url');
    await redis.set(`sess:${id}`, JSON.stringify({ userId: user.id, createdAt: Date.now() }), 'EX', 86_400);
    return [200, answerOf(user), { 'set-cookie': `sid=${id}; Path=/; HttpOnly` }];
  }
  const stored = await redis.get(`sess:${req.headers.cookie?.slice('sid='.length)}`);
  const user = stored && findPerson(JSON.parse(stored).userId);
  return user ? [200, answerOf(user)] : [401];
}

const server = createServer((req, res) => {
  answer(req).then(
    ([status, body, headers]) => {
      const json = JSON.stringify(body ?? {});
      res.writeHead(status, {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(json),
        ...headers,
      });
      res.end(json);
    },
    () => res.writeHead(500).end(),
  );
});
server.listen(0, '127.0.0.1', () => sayWhere(server));
