import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Database } from '../src/database/index.js';
import { OutboxWorker } from '../src/users/outbox.worker.js';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { recordStatements } from './support/statements.js';

const REQUESTS = 20;

describe('SQL statements of authenticated requests', () => {
  let app: TestApp;
  let statements: string[];
  let browser: CookieClient;
  let phone: BearerClient;

  beforeAll(async () => {
    app = await startApp();
    // It looks every second for what is left over; here only requests count.
    await app.app.get(OutboxWorker, { strict: false }).beforeApplicationShutdown();
    statements = recordStatements(app.app.get(Database, { strict: false }).kysely);
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    const email = `${Math.random()}@example.com`;
    await app.createUser({ email, roles: ['clerk'] });
    browser = new CookieClient(app.url);
    phone = new BearerClient(app.url);
    statements.length = 0;
    await browser.post('/auth/login', { email, password: PASSWORD });
    await phone.login({ email, password: PASSWORD });
    // What is counted here is counted: a login reads the account and writes the trail.
    expect(statements.some((text) => text.startsWith('select'))).toBe(true);
    expect(statements.some((text) => text.startsWith('insert'))).toBe(true);
    statements.length = 0;
  });

  it.each(['/auth/session', '/auth/sessions', '/auth/verify'])(
    'are none for GET %s, by cookie and by bearer token',
    async (path) => {
      for (let i = 0; i < REQUESTS; i++) {
        for (const client of [browser, phone]) expect((await client.get(path)).status).toBeLessThan(300);
      }
      expect(statements).toEqual([]);
    },
  );

  it('are none although the requests see what the database has been told since they logged in', async () => {
    const { id } = (await phone.get('/auth/session')).body.user as { id: string };
    const users = app.app.get(UsersService, { strict: false });
    await users.update(id, { roles: ['manager'] });
    statements.length = 0;
    for (const client of [browser, phone]) {
      const answer = await client.get('/auth/session');
      expect([answer.status, answer.body.user.roles]).toEqual([200, ['manager']]);
    }
    expect(statements).toEqual([]);
    await users.update(id, { disabled: true });
    statements.length = 0;
    for (const client of [browser, phone]) expect((await client.get('/auth/session')).status).toBe(401);
    expect(statements).toEqual([]);
  });
});
