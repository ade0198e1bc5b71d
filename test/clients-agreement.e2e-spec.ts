import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { expectAlways } from './support/random-runs.js';
import {
  LANGUAGES,
  prepareReaders,
  type Reader,
  readerMayOnly,
  type ReaderPrograms,
} from './support/readers.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { runs } from './support/soak.js';
import { type NodeReader, startNodeReader } from './support/vectors/node-reader.js';
import { headerValues, loadVector, type SessionVector } from './support/vectors/session-vector.js';
import { sessionVectors } from './support/vectors/session-vectors.js';

const LIMIT_MS = 60_000;
const SOAK_LIMIT_MS = 20 * 60_000;
const settings = { ...sessionVectors.defaults, anonymous: true };

// Those that the same reader can read one after the other, and short: what is changed is to be where it matters.
const BASES = sessionVectors.vectors.filter(
  (vector) =>
    !vector.settings?.prefix && !vector.settings?.indexKeys && JSON.stringify(vector).length < 4_000,
);

// What parsers differ about.
const IN_HEADERS = [
  ...[
    '',
    ' ',
    '\t',
    '\xa0',
    '\x85',
    '"',
    '%',
    '%2',
    '%00',
    '%20',
    '%E0%A4',
    '%C3%A4',
    '=',
    '==',
    ';',
    ',',
    '.',
  ],
  ...[':', '-', '_', '/', '\\', '0', 'Z', '\xff', '\xc3', '\xe4', 's:', 'lk_', 'Bearer ', '__Host-sid='],
];
const IN_RECORDS = [
  ...IN_HEADERS,
  ...[
    '\n',
    '\x0b',
    '\x0c',
    '\x1c',
    '{',
    '}',
    '[',
    ']',
    '1',
    '9',
    'null',
    'true',
    'TRUE',
    '\\u0041',
    '\\ud800',
  ],
  ...[
    '1e999',
    '-0',
    '0x1',
    '"id"',
    '"__proto__":{},',
    '"latchkey":null,',
    '"passport":{},',
    '"disabled":true,',
  ],
];

const editsOf = (bits: string[]) =>
  fc.array(
    fc.record({
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      take: fc.nat(5),
      put: fc.constantFrom(...bits),
    }),
    {
      minLength: 1,
      maxLength: 2,
    },
  );

const changed = (text: string, edits: { at: number; take: number; put: string }[]): string =>
  edits.reduce((now, { at, take, put }) => {
    const place = Math.floor(at * now.length);
    return now.slice(0, place) + put + now.slice(place + take);
  }, text);

/** One of the vectors, with its header or one of its keys changed a little. */
const changedVector = fc
  .record({
    base: fc.constantFrom(...BASES),
    inHeaders: fc.boolean(),
    which: fc.nat(),
    header: editsOf(IN_HEADERS),
    record: editsOf(IN_RECORDS),
  })
  .map(({ base, inHeaders, which, header, record }): SessionVector => {
    const [headers, redis] = [structuredClone(base.headers), structuredClone(base.redis)];
    const [one, key] = [headers[which % headers.length], redis[which % redis.length]];
    if (one && (inHeaders || !key)) one[1] = changed(one[1], header).trim();
    // A generation that is a number to JavaScript but not to everybody is refused by readers only.
    else if (key?.value !== undefined && !key.key.includes('gen:')) key.value = changed(key.value, record);
    return { ...base, headers, redis };
  });

describe('requests and records that were changed at random', () => {
  let programs: ReaderPrograms;
  let redis: TestRedis;
  let node: NodeReader;
  let readers: Reader[];

  beforeAll(async () => {
    programs = await prepareReaders();
    redis = await startSingleRedis(readerMayOnly());
    node = await startNodeReader(redis.client(), settings);
    readers = LANGUAGES.map((language) => programs.start(language, { REDIS_SOCKET: redis.socket }));
  }, 180_000);
  afterAll(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
    await node.close();
    await redis.stop();
    await programs.remove();
  });

  it(
    'are the same to Node and to the readers in other languages',
    async () => {
      const agree = fc.asyncProperty(changedVector, async (vector) => {
        await loadVector(redis.client(), vector);
        const [cookie, authorization] = [
          headerValues(vector, 'cookie'),
          headerValues(vector, 'authorization'),
        ];
        const said = await Promise.all(
          readers.map((reader) => reader.ask({ settings, cookie, authorization })),
        );
        // Last, because it takes out of the way what it cannot read.
        const expected = await node.verdict(vector);
        if ('mayBe' in expected)
          for (const { refused } of said as { refused?: unknown }[])
            expect(expected.mayBe).toContain(refused);
        else expect(whole(said)).toEqual(whole(LANGUAGES.map(() => withoutGaps(expected))));
      });
      await expectAlways(agree, { numRuns: runs(300, 20_000), limitMs: runs(LIMIT_MS, SOAK_LIMIT_MS) });
    },
    2 * SOAK_LIMIT_MS,
  );
});

/** PHP has no half surrogate pairs: its reader shows them as U+FFFD. JSON writes them, and nothing else, as escapes. */
function whole(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value).replace(/\\ud[89a-f][0-9a-f]{2}/g, '\ufffd'));
}

/** Readers say null where Node has left out what the live principal does not say. */
function withoutGaps<Found extends object>(found: Found): Found {
  const { session } = found as { session: { principal: { email?: string; displayName?: string } | null } };
  const { principal } = session;
  return principal
    ? {
        ...found,
        session: {
          ...session,
          principal: {
            ...principal,
            email: principal.email ?? '',
            displayName: principal.displayName ?? null,
          },
        },
      }
    : found;
}
