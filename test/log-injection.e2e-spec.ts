import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { join } from 'node:path';

import { Database } from '../src/database/index.js';
import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { startProgram, type RunningProgram } from './support/program.js';
import { rawRequest, sendRaw } from './support/raw-http.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

jest.setTimeout(60_000);

// Bytes that node's parser lets through in a header: a C1 escape sequence that clears a screen, a C1 line break, and
// in UTF-8 a line separator and a mark that turns the direction of what follows.
const PASSED_BYTES = `\u009b2Jforged\u0085{"level":"info","msg":"forged"}${Buffer.from('\u2028\u202eforged').toString('latin1')}`;
// What it must refuse, or a header could end where a client likes.
const REFUSED_BYTES = ['\0', '\u001b[2J', '\r', '\n', '\r\nX-Forged: 1\n'];
const IN_JSON = '\r\n{"msg":"forged"}\n\0\u001b[2J\u0085\u009b2J\u2028\u2029\u202e\ud800';
const ACTIVE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Surrogate}]/u;

describe('what clients write, in the log and in the trail', () => {
  let redis: TestRedis;
  let program: RunningProgram;
  let database: Database;
  let url: string;
  /** Lines that came before the first request. */
  let greeting: number;

  beforeAll(async () => {
    redis = await startRedis();
    program = await startProgram({
      ...redis.settings,
      PORT: '0',
      LOG_LEVEL: 'trace',
      TRUSTED_PROXIES: '127.0.0.1',
    });
    url = (await program.line(/Latchkey\s+(http:\S+)/))[1] as string;
    // The last line of the greeting.
    await program.line(/auth\/sessions$/);
    greeting = program.output.length;
    database = new Database({ url: `sqlite:${join(program.dataDir, 'latchkey.db')}` });
  });
  afterAll(async () => {
    await database.close();
    await program.dispose();
    await redis.stop();
  });

  const json = { 'Content-Type': 'application/json' };
  const headers: Record<string, string> = {
    ...json,
    'User-Agent': PASSED_BYTES,
    'X-Request-Id': PASSED_BYTES,
    // A comma would begin another address.
    'X-Forwarded-For': PASSED_BYTES.replaceAll(',', ' '),
  };
  const send = (method: string, path: string, body?: unknown, more = headers) =>
    sendRaw(url, rawRequest(method, path, more, body === undefined ? '' : JSON.stringify(body)));

  /** Every kind of call that writes a log line or an event, with text that would like to be more than text. */
  const everything = async (email: string, registered = 201): Promise<string> => {
    const wrong = 'a password that is wrong';
    const statuses = [
      await send('POST', '/auth/register', { email, password: PASSWORD, displayName: 'a\u2028b\u202ec' }),
      await send('POST', '/auth/login', { email, password: wrong }),
      await send('POST', '/auth/login', { email: `${email}\u2028\u202e`, password: wrong }),
      await send('POST', '/auth/login', { email: `${email}${IN_JSON}`, password: wrong }),
      await send('POST', '/auth/register', { email, password: PASSWORD, displayName: IN_JSON }),
      await send('POST', '/auth/login', { email, password: wrong, [IN_JSON]: IN_JSON }),
      await send('GET', `/auth/${encodeURIComponent(IN_JSON.slice(0, -1))}`),
      await send('GET', `/auth/%E2%80%A8%0A%9b?x=%0a`),
      await send('POST', '/auth/login', {}, { ...headers, 'Content-Type': PASSED_BYTES }),
      await send('DELETE', '/auth/sessions', undefined, { ...headers, Origin: PASSED_BYTES }),
    ].map(({ status }) => status);
    expect(statuses).toEqual([registered, 401, 401, 400, 400, 400, 404, 400, 415, 403]);
    const login = await send('POST', '/auth/login', { email, password: PASSWORD, transport: 'bearer' });
    return (JSON.parse(login.body) as { token: string }).token;
  };

  const rows = async () =>
    // The first admin has no address.
    database.kysely
      .selectFrom('audit_events')
      .selectAll()
      .where('ip', 'is not', null)
      .orderBy('at')
      .orderBy('id')
      .execute();

  const expectSoundLog = (): void => {
    const lines = program.output.slice(greeting);
    for (const line of lines) {
      expect(line).not.toMatch(ACTIVE);
      const parsed = JSON.parse(line) as Record<string, unknown>;
      expect(parsed).toMatchObject({ level: expect.any(String), time: expect.any(String) });
      expect(parsed['msg']).not.toBe('forged');
    }
  };

  it('refuses headers with bytes that end a line or a string', async () => {
    for (const bytes of REFUSED_BYTES) {
      const { status } = await send('GET', '/auth/session', undefined, {
        ...headers,
        'User-Agent': `a${bytes}b`,
      });
      expect({ bytes, status }).toEqual({ bytes, status: 400 });
    }
    expect((await send('GET', `/auth/${PASSED_BYTES.slice(0, 9)}`)).status).toBe(400);
    expectSoundLog();
  });

  it('is text for reading in every row of the trail and every listing', async () => {
    const token = await everything('trail@example.com');
    const events = await rows();
    expect(events.map(({ type }) => type)).toEqual([
      'registered',
      'login.succeeded',
      'login.failed',
      'login.failed',
      'login.succeeded',
    ]);
    for (const event of events) {
      expect(event.ip).toMatch(/^\uFFFD2Jforged\uFFFD/);
      expect(event.user_agent).toMatch(/^\uFFFD2Jforged\uFFFD/);
      expect(event.request_id).toMatch(/^[0-9a-f-]{36}$/);
      expect(Object.values(event).join('')).not.toMatch(ACTIVE);
    }
    const client = new BearerClient(url, token);
    for (const { ip, userAgent } of (await client.get('/auth/sessions')).body.items) {
      expect([ip, userAgent].join('')).not.toMatch(ACTIVE);
    }
    expectSoundLog();
  });

  it('is text for reading in the log, whither events go while the trail cannot be written', async () => {
    await sql`drop table audit_events`.execute(database.kysely);
    // No account is made without its event.
    await everything('trail@example.com', 409);
    await program.line(/not in the trail.*login\.succeeded/);
    expect(program.output.filter((line) => line.includes('"route":"/auth/login"'))).not.toHaveLength(0);
    expect(program.output.filter((line) => line.includes('not in the trail'))).toHaveLength(3);
    expectSoundLog();
  });
});
