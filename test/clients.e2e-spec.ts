import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { until } from './support/express-session-host.js';
import {
  LANGUAGES,
  prepareReaders,
  READER,
  type Reader,
  readerMayOnly,
  type ReaderPrograms,
  type ReaderRequest,
  requestOf,
} from './support/readers.js';
import { programMayOnly, startSingleRedis, type TestRedis } from './support/redis-server.js';
import { startUnixProxy, type UnixProxy } from './support/unix-proxy.js';
import { headerValues, loadVector } from './support/vectors/session-vector.js';
import { sessionVectors, vectorNamed } from './support/vectors/session-vectors.js';

jest.setTimeout(60_000);

const { defaults, vectors } = sessionVectors;
const LIVE = vectorNamed('a signed cookie');

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
      expect(await proxied.ask(requestOf(vectorNamed(name)))).toHaveProperty('refused');
    expect(proxy.roundTrips).toBe(0);
  });
});

describe('the readers of sessions', () => {
  it('are used in their READMEs as they can be', async () => {
    await loadVector(client, LIVE);
    const env = {
      REDIS_URL: `unix://${READER.user}:${READER.password}@${redis.socket}`,
      SESSION_SECRETS: defaults.secrets.join(','),
      SESSION_INDEX_KEYS: defaults.indexKeys.join(','),
    };
    const call = (environ: object) =>
      `print(application(${JSON.stringify(environ)}, lambda status, headers: print(status)))`;
    const calls = [call({}), call({ HTTP_COOKIE: headerValues(LIVE, 'cookie')[0] })].join('\n');
    expect((await programs.runPythonExample(calls, env)).split('\n')).toEqual([
      '401 Unauthorized',
      '[]',
      '200 OK',
      expect.stringMatching(/^\[b"user-\S+ \['apple', 'pear'\]"\]$/),
      '',
    ]);
    await programs.compileExamples();
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

    const boss = new CookieClient(app.url);
    await app.createUser({ email: 'boss@example.com', roles: ['admin'] });
    expect(await boss.post('/auth/login', { ...account, email: 'boss@example.com' })).toMatchObject({
      status: 200,
    });
    await boss.patch(`/admin/users/${id}`, { roles: ['editor'] });
    const promoted = { ...bearer, principal: { ...principal, roles: ['editor'] } };
    expect(await ask({ authorization })).toEqual(all({ session: expect.objectContaining(promoted) }));

    expect((await browser.post('/auth/logout')).status).toBe(204);
    expect(await ask({ cookie })).toEqual(all({ refused: 'not-found' }));
    expect(await ask({ authorization })).toEqual(all({ session: expect.objectContaining(promoted) }));
    expect((await boss.delete(`/admin/users/${id}/sessions`)).status).toBe(200);
    expect(await ask({ authorization })).toEqual(all({ refused: 'not-found' }));

    await phone.login(account);
    const again = [`Bearer ${phone.token}`];
    expect(await ask({ authorization: again })).toEqual(all({ session: expect.objectContaining(promoted) }));
    expect((await boss.delete('/admin/sessions')).status).toBe(202);
    await until(async () => (await ask({ authorization: again })).every((said) => 'refused' in said));
    const mine = [await boss.jar.getCookieString(app.url)];
    expect(await ask({ cookie: mine })).toEqual(all({ session: expect.objectContaining({ isAdmin: true }) }));
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
