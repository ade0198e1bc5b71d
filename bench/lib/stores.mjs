import { randomBytes } from 'node:crypto';
import { RedisStore } from 'connect-redis';
import { built } from './built.mjs';
import { PROGRAM_SECRETS } from './program-settings.mjs';

/** What a session holds beside its user, so that its JSON has about so many bytes. @param {number} bytes */
export function sessionOf(/** @type {string} */ userId, bytes = 300) {
  const data = { cookie: { originalMaxAge: null, httpOnly: true, path: '/' }, userId, note: '' };
  data.note = 'x'.repeat(Math.max(0, bytes - JSON.stringify(data).length));
  return data;
}

/**
 * Latchkey's store as a host without Nest has it, without a limit of sessions.
 *
 * @param {import('ioredis').Redis} client
 * @returns {Promise<any>}
 */
export async function latchkeyStore(client) {
  const { RedisSessionStore } = await built('index.js');
  return new RedisSessionStore({
    client,
    indexKeys: PROGRAM_SECRETS.indexKeys,
    userId: (/** @type {{ userId: string }} */ session) => session.userId,
    maxSessions: 0,
  });
}

/** @param {import('ioredis').Redis} client */
export function connectRedisStore(client) {
  return new RedisStore({ client });
}

/** An id as express-session makes it. */
export const plainId = () => randomBytes(24).toString('base64url');

const AT_ONCE = 500;

/**
 * Does something so many times, a few hundred at once.
 *
 * @param {number} count
 * @param {(i: number) => Promise<unknown>} work
 */
export async function repeat(count, work) {
  for (let i = 0; i < count; i += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, count - i) }, (_, j) => work(i + j)));
  }
}

/**
 * Every session of a user, and the end of all of them, as one has to do it with connect-redis: nothing says whose a
 * session is but the session, so all of everybody's are read, a page at a time, which is the kindest way to the server.
 *
 * @param {import('ioredis').Redis} client
 * @param {string} userId
 * @returns {Promise<string[]>} keys
 */
export async function scanFor(client, userId) {
  const found = [];
  let cursor = '0';
  do {
    const [next, keys] = await client.scan(cursor, 'MATCH', 'sess:*', 'COUNT', 1_000);
    cursor = next;
    if (keys.length === 0) continue;
    const values = await client.mget(keys);
    for (const [i, value] of values.entries()) {
      if (value !== null && JSON.parse(value).userId === userId) found.push(/** @type {string} */ (keys[i]));
    }
  } while (cursor !== '0');
  return found;
}
