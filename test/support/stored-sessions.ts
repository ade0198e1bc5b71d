import type { Redis } from 'ioredis';
import { deleteEach } from './delete-keys.js';
import { decodeRecord, type RecordHeader } from '../../src/session/store/session-record.js';

/** A session as it lies in Redis. */
export interface StoredSession {
  key: string;
  digest: string;
  ttlMs: number;
  header: RecordHeader;
  body: Record<string, unknown>;
}

/** Every live session record under `lk:`, in no order. What a login has taken over is a mark by then, not a session. */
export async function storedSessions(client: Redis): Promise<StoredSession[]> {
  const sessions: StoredSession[] = [];
  for (const key of await client.keys('lk:sess:*')) {
    const raw = await client.get(key);
    // What was left of ended sessions goes in the background.
    if (raw === null) continue;
    const decoded = decodeRecord(raw);
    if (decoded === 'moved') continue;
    if (typeof decoded === 'string') throw new Error(`${key}: ${decoded}`);
    const body = JSON.parse(decoded.body) as Record<string, unknown>;
    const digest = key.slice(key.lastIndexOf(':') + 1);
    sessions.push({ key, digest, ttlMs: await client.pttl(key), header: decoded.header, body });
  }
  return sessions;
}

/** Members of every index under `lk:`, with the TTL of each index, ms. */
export async function storedIndexes(
  client: Redis,
): Promise<{ key: string; ttlMs: number; members: string[] }[]> {
  const keys = await client.keys('lk:idx:*');
  return Promise.all(
    keys.map(async (key) => ({
      key,
      ttlMs: await client.pttl(key),
      members: await client.zrange(key, '0', '-1'),
    })),
  );
}

/** Everything in Redis as one text: names, strings and members. */
export async function dump(client: Redis): Promise<string> {
  const parts: string[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    const value =
      type === 'zset'
        ? await client.zrange(key, '0', '-1')
        : type === 'hash'
          ? Object.entries(await client.hgetall(key)).flat()
          : type === 'set'
            ? await client.smembers(key)
            : [await client.get(key)];
    parts.push(key, ...value.map(String));
  }
  return parts.join('\n');
}

/** The names of all keys but the one that a program writes when it starts. */
export async function keysBesideRing(client: Redis): Promise<string[]> {
  return (await client.keys('*')).filter((key) => key !== 'lk:ring');
}

/** Forgets sessions and counters, but not what the program has written at its start. */
export async function clearSessions(client: Redis): Promise<void> {
  const keys = (await client.keys('lk:*')).filter((key) => key !== 'lk:ring');
  await deleteEach(client, keys);
}
