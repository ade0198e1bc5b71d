import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';

import {
  LANGUAGES,
  prepareReaders,
  READER,
  readerMayOnly,
  type ReaderPrograms,
  requestOf,
} from './support/readers.js';
import { freePorts, HOST, listenOn } from './support/redis-process.js';
import { startSingleRedis, type TestRedis } from './support/redis-server.js';
import { makeCertificates, type TestCertificates } from './support/tls.js';
import { loadVector } from './support/vectors/session-vector.js';
import { vectorNamed } from './support/vectors/session-vectors.js';

jest.setTimeout(60_000);

const LIVE = vectorNamed('a signed cookie');
const OTHER = vectorNamed('a bearer token');
const UNAVAILABLE = { unavailable: true };
// Another address of the same machine, on Linux; elsewhere nothing listens there.
const NO_NAME_OF_IT = '127.0.0.2';

let programs: ReaderPrograms;
let redis: TestRedis;
let client: Redis;

beforeAll(async () => {
  programs = await prepareReaders();
  redis = await startSingleRedis(readerMayOnly());
  client = redis.client();
}, 180_000);
afterAll(async () => {
  await redis.stop();
  await programs.remove();
});

describe.each(LANGUAGES)('the session reader in %s', (language) => {
  it('never says of a Redis that is away that nobody is logged in, and goes on when it is back', async () => {
    const own = await startSingleRedis(readerMayOnly());
    const mine = programs.start(language, { REDIS_SOCKET: own.socket });
    try {
      const first = await loadVector(own.client(), LIVE);
      expect(await mine.ask(requestOf(LIVE))).toEqual(first);
      await own.kill();
      expect(await mine.ask(requestOf(LIVE))).toEqual(UNAVAILABLE);
      await own.restart();
      const again = await loadVector(own.client(), LIVE);
      expect(await mine.ask(requestOf(LIVE))).toEqual(again);
    } finally {
      await mine.close();
      await own.stop();
    }
  });

  it('goes on when the server has closed its connection', async () => {
    const reader = programs.start(language, { REDIS_SOCKET: redis.socket });
    try {
      const expected = await loadVector(client, LIVE);
      expect(await reader.ask(requestOf(LIVE))).toEqual(expected);
      expect(await client.call('CLIENT', 'KILL', 'USER', READER.user)).toBeGreaterThan(0);
      expect(await reader.ask(requestOf(LIVE))).toEqual(expected);
    } finally {
      await reader.close();
    }
  });

  it('takes no late answer for the answer to the next question', async () => {
    const own = await startSingleRedis(readerMayOnly());
    const mine = programs.start(language, { REDIS_SOCKET: own.socket, REDIS_TIMEOUT_MS: '1000' });
    try {
      const first = await loadVector(own.client(), LIVE);
      expect(await mine.ask(requestOf(LIVE))).toEqual(first);
      own.freeze();
      expect(await mine.ask(requestOf(LIVE))).toEqual(UNAVAILABLE);
      own.thaw();
      expect(await mine.ask(requestOf(OTHER))).toEqual({ refused: 'not-found' });
      expect(await mine.ask(requestOf(LIVE))).toEqual(first);
      // Once more, and the answer comes while some have begun a second try.
      own.freeze();
      const late = mine.ask(requestOf(LIVE));
      await delay(1_300);
      own.thaw();
      expect([first, UNAVAILABLE]).toContainEqual(await late);
      expect(await mine.ask(requestOf(OTHER))).toEqual({ refused: 'not-found' });
    } finally {
      await mine.close();
      await own.stop();
    }
  });

  it('reads over TCP as a Redis user with a password, and not with another password', async () => {
    const [port] = (await freePorts(1)) as [number];
    const own = await startSingleRedis([...listenOn(port, undefined), ...readerMayOnly()]);
    const where = { REDIS_HOST: HOST, REDIS_PORT: String(port) };
    const [knowing, guessing] = [
      programs.start(language, where),
      programs.start(language, { ...where, REDIS_PASSWORD: 'guessed' }),
    ];
    try {
      const expected = await loadVector(own.client(), LIVE);
      expect(await knowing.ask(requestOf(LIVE))).toEqual(expected);
      expect(await guessing.ask(requestOf(LIVE))).toEqual(UNAVAILABLE);
    } finally {
      await knowing.close();
      await guessing.close();
      await own.stop();
    }
  });

  it('says that it does not know where it may not read', async () => {
    const own = await startSingleRedis([...['--user', READER.user, 'on', `>${READER.password}`], '+time']);
    const mine = programs.start(language, { REDIS_SOCKET: own.socket });
    try {
      expect(await mine.ask(requestOf(LIVE))).toEqual(UNAVAILABLE);
    } finally {
      await mine.close();
      await own.stop();
    }
  });
});

describe('the readers of sessions', () => {
  it('read over TLS, and from no server that they cannot verify', async () => {
    const certificates: TestCertificates = makeCertificates();
    const strangers: TestCertificates = makeCertificates();
    const [port] = (await freePorts(1)) as [number];
    const own = await startSingleRedis([
      ...[...listenOn(port, certificates), ...readerMayOnly()],
      ...['--tls-auth-clients', 'no', '--bind', HOST, NO_NAME_OF_IT],
    ]);
    const where = { REDIS_HOST: HOST, REDIS_PORT: String(port), REDIS_CA: certificates.ca };
    // The certificate is not for this address; and that authority has not issued it.
    const wrong = [{ REDIS_HOST: NO_NAME_OF_IT }, { REDIS_CA: strangers.ca }];
    try {
      const expected = await loadVector(own.client(), LIVE);
      for (const language of LANGUAGES) {
        const knowing = programs.start(language, where);
        expect({ language, ...(await knowing.ask(requestOf(LIVE))) }).toEqual({ language, ...expected });
        await knowing.close();
        for (const other of wrong) {
          const unknowing = programs.start(language, { ...where, ...other });
          const said = await unknowing.ask(requestOf(LIVE));
          expect({ language, other, said }).toEqual({ language, other, said: UNAVAILABLE });
          await unknowing.close();
        }
      }
    } finally {
      await own.stop();
      certificates.remove();
      strangers.remove();
    }
  });

  it('can do nothing in Redis but read sessions, generations and principals', async () => {
    const as = redis.client({
      username: READER.user,
      password: READER.password,
      enableReadyCheck: false,
    });
    await as.mget('lk:sess:{a}:b', 'lk:gen:{a}', 'lk:prn:{a}');
    await as.time();
    for (const command of [
      ['set', 'lk:sess:{a}:b', 'x'],
      ['getex', 'lk:sess:{a}:b', 'persist'],
      ['pexpire', 'lk:sess:{a}:b', '1'],
      ['unlink', 'lk:gen:{a}'],
      ['mget', 'lk:idx:{a}'],
      ['mget', 'lk:throttle:service'],
      ['scan', '0'],
      ['keys', '*'],
      ['eval', 'return 1', '0'],
      ['publish', 'a', 'b'],
      ['config', 'get', '*'],
    ] as [string, ...string[]][])
      await expect(as.call(...command)).rejects.toThrow(/NOPERM/);
  });
});
