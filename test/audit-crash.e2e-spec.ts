import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';

import { Database } from '../src/database/index.js';
import { FIRST_ADMIN_EMAIL } from '../src/first-admin.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { startPostgres, type TestPostgres } from './support/postgres.js';
import { startProgram, type RunningProgram } from './support/program.js';
import { rawRequest } from './support/raw-http.js';
import { poll } from './support/redis-process.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

jest.setTimeout(60_000);

const EMAIL = 'ann@example.com';
const credentials = { email: EMAIL, password: PASSWORD };
const bearer = (token: string | undefined) => ({ Authorization: `Bearer ${token}` });

interface Act {
  method: string;
  path: string;
  body?: unknown;
  token?: string | undefined;
}

describe('the event of a call that has been answered', () => {
  let redis: TestRedis;
  let program: RunningProgram;
  let url: string;
  let ann: BearerClient;
  let annId: string;
  let admin: BearerClient;

  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    await redis.client().flushall();
    program = await startProgram({ ...redis.settings, PORT: '0' });
    url = (await program.line(/Latchkey\s+(http:\S+)/))[1] as string;
    await poll(async () => (await fetch(`${url}/health/ready`)).ok);
    ann = new BearerClient(url);
    const { body } = await ann.login(credentials, '/auth/register');
    annId = body.user.id;
    admin = new BearerClient(url);
    const password = readFileSync(join(program.dataDir, 'admin-password'), 'utf8').trim();
    await admin.login({ email: FIRST_ADMIN_EMAIL, password });
  });
  afterEach(() => program.dispose());
  afterAll(() => redis.stop());

  /** Sends a request and kills the program with the first byte of the answer. @returns the status */
  const lastWords = async ({ method, path, body, token }: Act): Promise<number> => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const headers = { 'Content-Type': 'application/json', ...(token === undefined ? {} : bearer(token)) };
    socket.write(rawRequest(method, path, headers, body === undefined ? '' : JSON.stringify(body)));
    const answer = await new Promise<string>((resolve, reject) => {
      socket.once('data', (chunk) => {
        process.kill(program.pid, 'SIGKILL');
        resolve(chunk.toString());
      });
      socket.once('error', reject);
    });
    socket.destroy();
    await program.ended;
    return Number(answer.split(' ')[1]);
  };

  const newestEvent = async () => {
    const database = new Database({ url: `sqlite:${join(program.dataDir, 'latchkey.db')}` });
    try {
      const newest = database.kysely.selectFrom('audit_events').selectAll().orderBy('at', 'desc');
      return await newest.orderBy('id', 'desc').limit(1).executeTakeFirstOrThrow();
    } finally {
      await database.close();
    }
  };

  it.each<[string, number, () => Act]>([
    [
      'login.failed',
      401,
      () => ({ method: 'POST', path: '/auth/login', body: { ...credentials, password: 'wrong' } }),
    ],
    ['logout', 204, () => ({ method: 'POST', path: '/auth/logout', token: ann.token })],
    [
      'password.changed',
      200,
      () => ({
        method: 'PUT',
        path: '/auth/password',
        token: ann.token,
        body: { currentPassword: PASSWORD, newPassword: 'seven quiet rivers in the dark' },
      }),
    ],
    [
      'user.disabled',
      200,
      () => ({
        method: 'PATCH',
        path: `/admin/users/${annId}`,
        token: admin.token,
        body: { disabled: true },
      }),
    ],
  ])('%s is in the trail although the program is killed with the answer', async (type, status, act) => {
    expect(await lastWords(act())).toBe(status);
    expect(await newestEvent()).toMatchObject({
      type,
      user_id: annId,
      ip: '127.0.0.1',
      request_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });
});

describe('an answer', () => {
  let postgres: TestPostgres;
  let app: TestApp;
  let keeper: Database;

  beforeAll(async () => {
    postgres = await startPostgres();
    const url = await postgres.createDatabase();
    app = await startApp({ env: { DATABASE_URL: url } });
    keeper = new Database({ url });
    await app.createUser({ email: EMAIL });
  });
  afterAll(async () => {
    await keeper.close();
    await app.close();
    await postgres.stop();
  });

  const somebodyWaits = async (): Promise<void> => {
    const waiting = `select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like '%audit_events%'`;
    while ((await postgres.query(waiting)).length === 0)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };

  it.each<[string, (client: BearerClient) => Promise<{ status: number }>, number]>([
    ['a login', (client) => client.login(credentials), 200],
    ['a failed login', (client) => client.login({ ...credentials, password: 'wrong' }), 401],
    ['a logout', (client) => client.post('/auth/logout'), 204],
    ['a revocation', (client) => client.delete('/auth/sessions'), 200],
  ])('to %s does not leave before its event is stored', async (_name, call, status) => {
    const client = new BearerClient(app.url);
    await client.login(credentials);
    let answered = false;
    const answer = await keeper.kysely.transaction().execute(async (transaction) => {
      await sql`lock table audit_events in access exclusive mode`.execute(transaction);
      const called = call(client).finally(() => (answered = true));
      await somebodyWaits();
      // Whatever could be under way has had the time of a round trip.
      await fetch(`${app.url}/health/live`);
      expect(answered).toBe(false);
      return { called };
    });
    expect((await answer.called).status).toBe(status);
  });
});
