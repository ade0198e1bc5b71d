import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { startNodeReader, type NodeReader } from './support/vectors/node-reader.js';
import { loadVector, type SessionVector } from './support/vectors/session-vector.js';
import { sessionVectors, VECTORS_FILE, vectorsText } from './support/vectors/session-vectors.js';

const { defaults, vectors } = sessionVectors;

if (process.env['LATCHKEY_WRITE_VECTORS'] === '1') {
  mkdirSync(new URL('.', VECTORS_FILE), { recursive: true });
  writeFileSync(VECTORS_FILE, vectorsText());
}

describe('docs/session-format/vectors.json', () => {
  it('is what the sources make', () => {
    if (readFileSync(VECTORS_FILE, 'utf8') !== vectorsText())
      throw new Error('docs/session-format/vectors.json is not up to date; write it with: npm run vectors');
  });

  it('names each vector differently, and has some for every verdict', () => {
    expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
    const verdicts = vectors.map(({ expect: { ...verdict } }) =>
      'refused' in verdict ? verdict.refused : 'session',
    );
    expect([...new Set(verdicts)].sort()).toEqual([
      'ambiguous-credentials',
      'anonymous',
      'bad-credential',
      'corrupt',
      'disabled',
      'expired',
      'moved',
      'no-credential',
      'no-login',
      'not-found',
      'other-version',
      'revoked',
      'session',
      'wrong-transport',
      'wrong-user',
    ]);
  });
});

describe('Node, upon the vectors for readers of sessions', () => {
  let redis: TestRedis;
  let client: Redis;
  const readers = new Map<string, NodeReader>();

  beforeAll(async () => {
    redis = await startSingleRedis();
    client = redis.client();
  });
  afterAll(async () => {
    for (const reader of readers.values()) await reader.close();
    await redis.stop();
  });

  const readerFor = async ({ settings }: SessionVector): Promise<NodeReader> => {
    const text = JSON.stringify(settings ?? {});
    const reader = readers.get(text) ?? (await startNodeReader(client, { ...defaults, ...settings }));
    readers.set(text, reader);
    return reader;
  };

  it.each(vectors.map((vector) => [vector.name, vector] as const))('agrees about %s', async (_, vector) => {
    const reader = await readerFor(vector);
    const expected = await loadVector(client, vector);
    const verdict = await reader.verdict(vector);
    if ('session' in expected) expect(verdict).toEqual(expected);
    else expect(verdict).toEqual({ mayBe: expect.arrayContaining([expected.refused]) });
  });
});
