import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { decodeRecord, encodeRecord } from '../src/session/store/session-record.js';
import { type AssigningHost, startAssigningHost } from './support/assigning-host.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const nested = (levels: number, open = '[', close = ']', core = ''): string =>
  open.repeat(levels) + core + close.repeat(levels);

describe('session data that a client chose', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AssigningHost;
  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
    host = await startAssigningHost(client);
  });
  afterAll(async () => {
    await host.close();
    await redis.stop();
  });

  const dataOf = async (cookie: string): Promise<unknown> => (await host.send('GET', '/data', cookie)).json();

  describe.each(['/assign', '/update'])('through %s', (path) => {
    it.each([
      ['__proto__', '{"__proto__":{"polluted":true}}', {}],
      ['constructor.prototype', '{"constructor":{"prototype":{"polluted":true}}}', {}],
      ['the record of the module itself', '{"latchkey":{"transport":"bearer"}}', {}],
      [
        'NUL and lone surrogates',
        '{"a\\u0000b":"\\u0000","\\ud800":"\\udfff"}',
        { 'a\0b': '\0', '\ud800': '\udfff' },
      ],
      ['toJSON', '{"a":{"toJSON":1}}', { a: { toJSON: 1 } }],
    ])('keeps nothing that could change another object: %s', async (_, body, kept) => {
      const cookie = await host.visitor();
      expect((await host.send('POST', path, cookie, body)).status).toBe(201);
      expect(await dataOf(cookie)).toEqual({ seed: 1, ...kept });
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it('keeps __proto__ inside of a value as the plain member that it is', async () => {
      const cookie = await host.visitor();
      await host.send('POST', path, cookie, '{"a":{"__proto__":{"polluted":true},"constructor":1}}');
      await host.send('POST', path, cookie, '{"later":1}');
      const text = await (await host.send('GET', '/data', cookie)).text();
      expect(JSON.parse(text)).toMatchObject({ later: 1 });
      expect(text).toContain('"__proto__":{"polluted":true}');
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    });

    it.each([
      ['a hundred and one arrays', nested(100)],
      ['four thousand arrays, at which copies fail', nested(4_000)],
      ['ten thousand arrays, at which JSON fails', nested(10_000)],
      ['ten thousand objects', nested(10_000, '{"a":', '}', '1')],
      ['two hundred thousand arrays', nested(200_000)],
    ])('answers 413 at once to %s within each other, and the session stays what it was', async (_, value) => {
      const cookie = await host.visitor();
      const answer = await host.send('POST', path, cookie, `{"a":${value}}`);
      expect([answer.status, await answer.json()]).toEqual([
        413,
        expect.objectContaining({
          code: 'SESSION_TOO_LARGE',
          detail: 'The data of a session is nested at most 100 levels deep.',
        }),
      ]);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(await dataOf(cookie)).toEqual({ seed: 1 });
    });

    it('keeps what is nested as deep as it may be, and ten thousand keys', async () => {
      const cookie = await host.visitor();
      const keys = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`k${i}`, i]));
      const deep: unknown = JSON.parse(nested(98));
      expect((await host.send('POST', path, cookie, JSON.stringify({ deep, keys }))).status).toBe(201);
      expect(await dataOf(cookie)).toEqual({ seed: 1, deep, keys });
    });
  });

  it('brings two deep changes of the same value together', async () => {
    const cookie = await host.visitor();
    const change = (name: string): Promise<Response> =>
      host.send('POST', '/update', cookie, `{"a":${nested(90, '{"a":', '}', `{"${name}":1}`)}}`);
    const answers = await Promise.all(['b', 'c', 'd', 'e'].map(change));
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201]);
  });

  it('answers 500 for a host that has broken its own session, stores nothing, and goes on', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const cookie = await host.visitor();
    const answer = await host.send('POST', '/assign', cookie, '{"cookie":null}');
    expect([answer.status, answer.headers.get('set-cookie')]).toEqual([500, null]);
    expect(logged).toHaveBeenCalledWith(expect.stringMatching(/^a session could not be stored: TypeError/));
    logged.mockRestore();
    expect(await dataOf(cookie)).toEqual({ seed: 1 });
  });

  it('answers 500, and goes on, for a cookie that express-session can make nothing of', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const cookie = await host.visitor();
    await host.send('POST', '/assign', cookie, '{"cookie":{"maxAge":"1h"}}');
    expect((await host.send('GET', '/data', cookie)).status).toBe(500);
    logged.mockRestore();
    expect(await dataOf(await host.visitor())).toEqual({ seed: 1 });
  });

  it('takes a record that another program nested beyond reason for no session', async () => {
    const cookie = await host.visitor();
    for (const key of await client.keys('lk:sess:*')) {
      const record = decodeRecord((await client.get(key)) ?? '');
      if (typeof record === 'string') throw new Error(`${key} is ${record}`);
      await client.set(key, encodeRecord(record.header, `{"cookie":{},"a":${nested(5_000)}}`));
    }
    const answer = await host.send('GET', '/data', cookie);
    expect([answer.status, await answer.json()]).toEqual([200, {}]);
  });
});
