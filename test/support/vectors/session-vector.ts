import type { Redis } from 'ioredis';

/** What a reader of sessions is told by whoever runs it. */
export interface ReaderSettings {
  prefix: string;
  cookieName: string;
  secrets: string[];
  indexKeys: string[];
  /** Whether the session of a visitor counts, who is nobody. */
  anonymous: boolean;
}

/**
 * Why nobody is logged in. Clients of the HTTP API cannot tell these apart, but for the first; readers in other languages
 * say them to those who run them.
 */
export type Refusal =
  | 'ambiguous-credentials'
  | 'no-credential'
  | 'bad-credential'
  | 'not-found'
  | 'moved'
  | 'other-version'
  | 'corrupt'
  | 'revoked'
  | 'expired'
  | 'wrong-user'
  | 'disabled'
  | 'wrong-transport'
  | 'anonymous'
  | 'no-login';

/** A live session, as every reader must find it. */
export interface ReadSession {
  id: string;
  principal: {
    id: string;
    email: string;
    displayName: string | null;
    roles: unknown[];
    createdAt: string;
  } | null;
  transport: string | null;
  profile: string | null;
  authenticatedAtMs: number | null;
  createdAtMs: number | string;
  absoluteExpiryMs: number | string;
  isAdmin: boolean;
  data: Record<string, unknown>;
}

export type Verdict = { refused: Refusal } | { session: ReadSession };

/** A key of Redis. In its value `{now-60000}` stands for Redis's time then, in ms, minus 60000, as 13 digits. */
export interface VectorKey {
  key: string;
  /** Its characters as UTF-8; with `latin1`, each of them is one byte. */
  value?: string;
  latin1?: boolean;
  /** In place of a value: the key holds a list of these. */
  list?: string[];
  ttlMs: number;
}

/** One request, what Redis holds, and what must come of it. */
export interface SessionVector {
  name: string;
  /** What differs from the defaults. */
  settings?: Partial<ReaderSettings>;
  /** Headers in their order, names as they are sent; each character of a value is one byte. */
  headers: [name: string, value: string][];
  redis: VectorKey[];
  expect: Verdict;
}

/** docs/session-format/vectors.json. */
export interface SessionVectors {
  about: string;
  defaults: ReaderSettings;
  vectors: SessionVector[];
}

const NOW = /\{now([+-]\d+)\}/g;

/** Writes what a vector says is in Redis, and nothing else. @returns the verdict to expect, in times of now */
export async function loadVector(redis: Redis, { redis: keys, expect }: SessionVector): Promise<Verdict> {
  await redis.flushall();
  const [seconds, microseconds] = await redis.time();
  const nowMs = Number(seconds) * 1000 + Math.floor(Number(microseconds) / 1000);
  const at = (offset: string) => String(nowMs + Number(offset)).padStart(13, '0');
  for (const { key, value = '', latin1, list, ttlMs } of keys) {
    if (list) await redis.rpush(key, ...list);
    else {
      const text = value.replace(NOW, (_, offset: string) => at(offset));
      await redis.set(key, Buffer.from(text, latin1 ? 'latin1' : 'utf8'));
    }
    await redis.pexpire(key, ttlMs);
  }
  // In what is expected, a text that is nothing but such a time is a number.
  return JSON.parse(
    JSON.stringify(expect).replace(/"\{now([+-]\d+)\}"/g, (_, offset: string) => String(Number(at(offset)))),
  ) as Verdict;
}

/** The values of a vector's headers of one name. */
export const headerValues = ({ headers }: SessionVector, wanted: string): string[] =>
  headers.filter(([name]) => name.toLowerCase() === wanted).map(([, value]) => value);
