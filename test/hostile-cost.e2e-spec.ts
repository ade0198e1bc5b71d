import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { type RunningProgram, startProgram } from './support/program.js';
import { rawRequest, sendRaw } from './support/raw-http.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const MOST_CPU_MS = 100;
// Enough that a collection of garbage, or a compilation, that happens to fall into one of them does not decide.
const TIMES = 10;
const STARTING_MS = 60_000;
const JSON_TYPE = ['Content-Type', 'application/json'] as const;

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const many = (count: number, text: (i: number) => string, separator: string): string =>
  Array.from({ length: count }, (_, i) => text(i)).join(separator);

describe('what the costliest requests cost', () => {
  let redis: TestRedis;
  let program: RunningProgram;
  let url: string;
  let token: string;
  beforeAll(async () => {
    redis = await startRedis();
    // As shipped: passwords are hashed at full cost.
    program = await startProgram({
      NODE_ENV: 'test',
      PORT: '0',
      ...redis.settings,
      LOG_LEVEL: 'silent',
      TRUSTED_PROXIES: '127.0.0.1',
      ARGON2_MEMORY_KIB: '19456',
    });
    url = (await program.line(/(http:\/\/127\.0\.0\.1:\d+)/))[1] ?? '';
    const client = new BearerClient(url);
    await client.login({ email: 'nora@example.com', password: PASSWORD }, '/auth/register');
    token = client.token ?? '';
  }, STARTING_MS);
  afterAll(async () => {
    await program.dispose();
    await redis.stop();
  });

  /** CPU time of the program since it started, of all its threads, as `process.cpuUsage()` has it there, ms. */
  const cpuMs = async (): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    return Number(/^process_cpu_seconds_total (\S+)/m.exec(text)?.[1]) * 1_000;
  };
  const login = (body: string, ...headers: (readonly [string, string])[]): Buffer =>
    rawRequest('POST', '/auth/login', [JSON_TYPE, ...headers], body);
  const read = (target: string, ...headers: (readonly [string, string])[]): Buffer =>
    rawRequest('GET', target, [['Authorization', `Bearer ${token}`], ...headers]);

  it.each<[string, number, (time: number) => Buffer]>([
    ['eight thousand arrays within each other', 400, () => login(nested(8_000))],
    ['eight thousand of them where an e-mail should be', 400, () => login(`{"email":${nested(7_900)}}`)],
    ['arrays that never end', 400, () => login('['.repeat(16_000))],
    [
      'two thousand unknown members',
      400,
      () => login(`{${many(1_700, (i) => `"${i.toString(36)}":1`, ',')}}`),
    ],
    ['a number of sixteen thousand digits', 400, () => login(`{"email":${'9'.repeat(16_000)}}`)],
    [
      'an e-mail that is nothing but at signs',
      401,
      (time) => login(`{"email":"${time}${'@'.repeat(16_000)}","password":"x"}`),
    ],
    ['an e-mail of blanks', 400, () => login(`{"email":"${' '.repeat(16_000)}","password":"x"}`)],
    [
      'a password of combining marks',
      401,
      (time) => login(`{"email":"a${time}@b.c","password":"e${'\u0301'.repeat(7_900)}"}`),
    ],
    [
      'a password that grows when it is normalised',
      401,
      (time) => login(`{"email":"b${time}@b.c","password":"${'\ufb2c'.repeat(5_000)}"}`),
    ],
    [
      'a token of fifteen kilobytes of dots',
      401,
      () => rawRequest('GET', '/auth/session', [['Authorization', `Bearer lk_${'.'.repeat(15_000)}`]]),
    ],
    [
      'a token behind fifteen kilobytes of blanks',
      401,
      () => rawRequest('GET', '/auth/session', [['Authorization', `Bearer ${' '.repeat(15_000)}x y`]]),
    ],
    [
      'a thousand session cookies',
      400,
      () => rawRequest('GET', '/auth/session', [['Cookie', many(1_500, (i) => `sid=${i}`, ';')]]),
    ],
    [
      'fifteen kilobytes of percent signs for a cookie',
      401,
      () => rawRequest('GET', '/auth/session', [['Cookie', `sid=${'%25'.repeat(5_000)}`]]),
    ],
    [
      'a content type of fifteen kilobytes of blanks',
      415,
      () =>
        rawRequest('POST', '/auth/login', [['Content-Type', `application/json${' '.repeat(15_000)}x`]], '{}'),
    ],
    ['an origin of fifteen kilobytes', 403, () => login('{}', ['Origin', `https://${'a.'.repeat(7_500)}`])],
    [
      'a user agent that no expression likes',
      200,
      () => read('/auth/sessions', ['User-Agent', 'Mozilla/5.0 ('.repeat(1_100)]),
    ],
    ['an address of seven thousand parts', 404, () => read(`/${'a/'.repeat(7_000)}`)],
    ['an address of dots and slashes', 404, () => read('/../'.repeat(3_500))],
    [
      'a handle of fourteen kilobytes',
      404,
      () =>
        rawRequest('DELETE', `/auth/sessions/${'%61'.repeat(4_600)}`, [['Authorization', `Bearer ${token}`]]),
    ],
    [
      'a query of three thousand parameters',
      200,
      () => read(`/auth/session?${many(3_000, (i) => `${i.toString(36)}=`, '&')}`),
    ],
    ['a query of brackets within each other', 200, () => read(`/auth/session?a${'[a]'.repeat(4_500)}=1`)],
    [
      'a thousand forwarded addresses',
      200,
      () => read('/auth/session', ['X-Forwarded-For', many(1_000, (i) => `10.0.0.${i % 256}`, ',')]),
    ],
  ])(`is less than ${MOST_CPU_MS} ms of CPU for %s`, async (_, status, request) => {
    // The first of its kind also pays for what the engine learns from it.
    expect((await sendRaw(url, request(TIMES))).status).toBe(status);
    const before = await cpuMs();
    for (let i = 0; i < TIMES; i += 1) await sendRaw(url, request(i));
    expect(((await cpuMs()) - before) / TIMES).toBeLessThan(MOST_CPU_MS);
  });

  it('does not keep anybody else waiting, when a hundred of them come at once', async () => {
    const before = await cpuMs();
    await Promise.all(Array.from({ length: 100 }, () => sendRaw(url, login(nested(8_000)))));
    expect(((await cpuMs()) - before) / 100).toBeLessThan(MOST_CPU_MS);
    expect((await sendRaw(url, read('/auth/session'))).status).toBe(200);
  });
});
