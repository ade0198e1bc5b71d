import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import {
  LANGUAGES,
  prepareReaders,
  READER,
  type Reader,
  readerMayOnly,
  type ReaderPrograms,
  type ReaderRequest,
} from './support/readers.js';
import { freePorts, HOST, listenOn } from './support/redis-process.js';
import { programMayOnly, startSingleRedis, type TestRedis } from './support/redis-server.js';
import { makeCertificates, type TestCertificates } from './support/tls.js';
import { startUnixProxy, type UnixProxy } from './support/unix-proxy.js';
import { headerValues, loadVector, type SessionVector } from './support/vectors/session-vector.js';
import { sessionVectors } from './support/vectors/session-vectors.js';

jest.setTimeout(60_000);

const { defaults, vectors } = sessionVectors;
const named = (name: string) => vectors.find((vector) => vector.name === name) as SessionVector;
const LIVE = named('a signed cookie');
const OTHER = named('a bearer token');
const UNAVAILABLE = { unavailable: true };

const requestOf = (vector: SessionVector): ReaderRequest => ({
  settings: { ...defaults, ...vector.settings },
  cookie: headerValues(vector, 'cookie'),
  authorization: headerValues(vector, 'authorization'),
});

let programs: ReaderPrograms;
let redis: TestRedis;
let client: Redis;

beforeAll(async () => {
  programs = await prepareReaders();
  redis = await startSingleRedis([...programMayOnly(), ...readerMayOnly()]);
  client = redis.client();
}, 180_000);
afterAll(async () => {
  await redis.stop();
  await programs.remove();
});

describe.each(LANGUAGES)('the session reader in %s', (language) => {
  let reader: Reader;
  let proxy: UnixProxy;
  let proxied: Reader;

  beforeAll(async () => {
    proxy = await startUnixProxy(redis.socket);
    reader = programs.start(language, { REDIS_SOCKET: redis.socket });
    proxied = programs.start(language, { REDIS_SOCKET: proxy.socket });
  });
  afterAll(async () => {
    await reader.close();
    await proxied.close();
    await proxy.close();
  });

  it('says of every vector what Node says', async () => {
    const differences: object[] = [];
    for (const vector of vectors) {
      const expected = await loadVector(client, vector);
      const said = await reader.ask(requestOf(vector));
      const agrees = () => expect(said).toEqual(expected);
      if (!holds(agrees)) differences.push({ vector: vector.name, expected, said });
    }
    expect(differences).toEqual([]);
  });

  it('asks Redis once, in one round trip', async () => {
    await loadVector(client, LIVE);
    await proxied.ask(requestOf(LIVE));
    const monitor = await redis.monitor();
    const seen: string[] = [];
    monitor.on('monitor', (_, [command = '']) => seen.push(command.toUpperCase()));
    proxy.roundTrips = 0;
    for (let i = 0; i < 3; i += 1) await proxied.ask(requestOf(LIVE));
    await monitor.caughtUp();
    monitor.disconnect();
    expect(seen).toEqual(['MGET', 'TIME', 'MGET', 'TIME', 'MGET', 'TIME']);
    expect(proxy.roundTrips).toBe(3);
  });

  it('goes by the clock of Redis, not by its own', async () => {
    await loadVector(client, LIVE);
    proxy.aheadSeconds = 3_500;
    expect(await proxied.ask(requestOf(LIVE))).toHaveProperty('session');
    proxy.aheadSeconds = 3_700;
    expect(await proxied.ask(requestOf(LIVE))).toEqual({ refused: 'expired' });
    proxy.aheadSeconds = 0;
  });

  it('sends Redis nothing for a request whose signature does not hold', async () => {
    proxy.roundTrips = 0;
    for (const name of [
      'a cookie signed for another token',
      'no header at all',
      'a cookie and a bearer token',
    ])
      expect(await proxied.ask(requestOf(named(name)))).toHaveProperty('refused');
    expect(proxy.roundTrips).toBe(0);
  });

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
    const expected = await loadVector(client, LIVE);
    expect(await reader.ask(requestOf(LIVE))).toEqual(expected);
    expect(await client.call('CLIENT', 'KILL', 'USER', READER.user)).toBeGreaterThan(0);
    expect(await reader.ask(requestOf(LIVE))).toEqual(expected);
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
    } finally {
      await mine.close();
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
      ...['--tls-auth-clients', 'no'],
    ]);
    const where = { REDIS_HOST: HOST, REDIS_PORT: String(port) };
    try {
      const expected = await loadVector(own.client(), LIVE);
      for (const language of LANGUAGES) {
        const knowing = programs.start(language, { ...where, REDIS_CA: certificates.ca });
        expect({ language, ...(await knowing.ask(requestOf(LIVE))) }).toEqual({ language, ...expected });
        await knowing.close();
        const unknowing = programs.start(language, { ...where, REDIS_CA: strangers.ca });
        expect({ language, ...(await unknowing.ask(requestOf(LIVE))) }).toEqual({ language, ...UNAVAILABLE });
        await unknowing.close();
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

describe('sessions that the program makes', () => {
  let app: TestApp;
  let readers: Reader[];

  beforeAll(async () => {
    await client.flushall();
    app = await startApp({ redis });
    readers = LANGUAGES.map((language) => programs.start(language, { REDIS_SOCKET: redis.socket }));
    // A JVM that starts takes the processor away from the program, whose patience with Redis is half a second.
    expect(await ask({})).toEqual(all({ refused: 'no-credential' }));
  });
  afterAll(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
    await app.close();
  });

  const ask = (headers: Partial<Pick<ReaderRequest, 'cookie' | 'authorization'>>) => {
    const { sessionSecrets: secrets, sessionIndexKeys: indexKeys, sessionPrefix: prefix } = app.env;
    const settings = { prefix, cookieName: 'sid', secrets, indexKeys, anonymous: false };
    return Promise.all(
      readers.map((reader) => reader.ask({ settings, cookie: [], authorization: [], ...headers })),
    );
  };
  const all = (verdict: object) => LANGUAGES.map(() => verdict);

  it('are read in every language, and refused as soon as they have ended', async () => {
    const browser = new CookieClient(app.url);
    const phone = new BearerClient(app.url);
    const account = { email: 'ada@example.com', password: PASSWORD };
    const { body } = await browser.post('/auth/register', account);
    expect(await phone.login(account)).toMatchObject({ status: 200 });
    const cookie = [await browser.jar.getCookieString(app.url)];
    const authorization = [`Bearer ${phone.token}`];

    const { id, email, displayName, roles, createdAt } = body.user;
    const principal = { id, email, displayName, roles, createdAt };
    const web = { id: body.session.id, principal, transport: 'cookie', profile: 'web' };
    expect(await ask({ cookie })).toEqual(all({ session: expect.objectContaining(web) }));
    const bearer = { principal, transport: 'bearer', profile: 'bearer' };
    expect(await ask({ authorization })).toEqual(all({ session: expect.objectContaining(bearer) }));
    expect(await ask({ cookie, authorization })).toEqual(all({ refused: 'ambiguous-credentials' }));

    expect((await browser.post('/auth/logout')).status).toBe(204);
    expect(await ask({ cookie })).toEqual(all({ refused: 'not-found' }));
    expect(await ask({ authorization })).toEqual(all({ session: expect.objectContaining(bearer) }));
  });
});

function holds(assertion: () => void): boolean {
  try {
    assertion();
    return true;
  } catch {
    return false;
  }
}
