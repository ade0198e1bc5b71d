import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Argon2Hasher } from '../src/auth/index.js';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { CookieClient } from './support/clients.js';

const TODAY = /^\$argon2id\$v=19\$m=1024,t=2,p=1\$/;
const YESTERDAY = new Argon2Hasher({ memoryKib: 1024, timeCost: 3, parallelism: 1 });

describe('a stored hash of other parameters than today’s', () => {
  let app: TestApp;
  let users: UsersService;
  let email: string;
  let userId: string;
  let people = 0;

  beforeAll(async () => {
    app = await startApp();
    users = app.app.get(UsersService, { strict: false });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    email = `person${(people += 1)}@example.com`;
    const passwordHash = await YESTERDAY.hash(PASSWORD);
    ({ id: userId } = await users.create({ email, displayName: null, passwordHash, roles: [] }));
  });

  const stored = async () => (await users.findCredentials(userId))?.passwordHash ?? '';
  const login = (password: string, client = new CookieClient(app.url)) =>
    client.post('/auth/login', { email, password });

  it('is renewed by a login, which ends no session and stays possible', async () => {
    const other = new CookieClient(app.url);
    await login(PASSWORD, other);
    expect(await stored()).toMatch(TODAY);
    expect((await other.get('/auth/session')).status).toBe(200);
    expect((await login(PASSWORD)).status).toBe(200);
  });

  it('is kept by a wrong password and when the account is disabled', async () => {
    const before = await stored();
    expect((await login('not the password at all')).status).toBe(401);
    await users.update(userId, { disabled: true });
    expect((await login(PASSWORD)).status).toBe(401);
    expect(await stored()).toBe(before);
  });

  it('is renewed by a re-authentication, too', async () => {
    const client = new CookieClient(app.url);
    await login(PASSWORD, client);
    await users.rehash(userId, await stored(), await YESTERDAY.hash(PASSWORD));
    expect((await client.post('/auth/reauthenticate', { password: PASSWORD })).status).toBe(200);
    expect(await stored()).toMatch(TODAY);
  });

  it('is no reason to refuse the right password when it is changed', async () => {
    const client = new CookieClient(app.url);
    await login(PASSWORD, client);
    await users.rehash(userId, await stored(), await YESTERDAY.hash(PASSWORD));
    const newPassword = 'another horse battery staple';
    const changed = await client.put('/auth/password', { currentPassword: PASSWORD, newPassword });
    expect(changed.status).toBe(200);
    expect((await login(newPassword)).status).toBe(200);
  });

  it('is renewed once: the next login leaves it as it is', async () => {
    await login(PASSWORD);
    const renewed = await stored();
    await login(PASSWORD);
    expect(await stored()).toBe(renewed);
  });
});
