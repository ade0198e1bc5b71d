import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuditTrail } from '../src/audit/index.js';
import { AuthService, InvalidTokenError } from '../src/auth/index.js';
import { SessionService, SessionStoreUnavailableError } from '../src/session/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { CookieClient } from './support/clients.js';

const NEW_PASSWORD = 'ten small goats on a roof';

describe("a password reset with the program's accounts", () => {
  let app: TestApp;
  let auth: AuthService;
  let email: string;
  let userId: string;
  let people = 0;

  beforeAll(async () => {
    app = await startApp();
    auth = app.app.get(AuthService, { strict: false });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    email = `person${(people += 1)}@example.com`;
    ({ id: userId } = await app.createUser({ email }));
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  const login = (password: string, client = new CookieClient(app.url)) =>
    client.post('/auth/login', { email, password });
  const newToken = async (): Promise<string> => (await auth.createResetToken(email))?.token ?? '';
  const events = async () =>
    (await app.app.get(AuditTrail, { strict: false }).list({ userId, limit: 10 })).items;

  it('sets the password, ends the sessions and tells the trail, once', async () => {
    const client = new CookieClient(app.url);
    await login(PASSWORD, client);
    const token = await newToken();
    const uses = await Promise.allSettled(
      [1, 2, 3].map((i) => auth.resetPassword(token, `${NEW_PASSWORD} ${i}`)),
    );
    const refused = uses.flatMap((use) => (use.status === 'rejected' ? [use.reason as unknown] : []));
    expect(refused).toEqual([expect.any(InvalidTokenError), expect.any(InvalidTokenError)]);
    expect((await client.get('/auth/session')).status).toBe(401);
    expect((await login(PASSWORD)).status).toBe(401);
    const winner = uses.findIndex(({ status }) => status === 'fulfilled') + 1;
    expect((await login(`${NEW_PASSWORD} ${winner}`)).status).toBe(200);
    expect((await events()).map(({ type }) => type).filter((type) => type.startsWith('password.'))).toEqual([
      'password.reset',
      'password.reset_requested',
    ]);
  });

  it('stands when the sessions cannot be reached, and ends them as soon as they can', async () => {
    const client = new CookieClient(app.url);
    await login(PASSWORD, client);
    const token = await newToken();
    const sessions = app.app.get(SessionService, { strict: false });
    jest.spyOn(sessions, 'revokeAll').mockRejectedValueOnce(new SessionStoreUnavailableError());
    await expect(auth.resetPassword(token, NEW_PASSWORD)).rejects.toBeInstanceOf(
      SessionStoreUnavailableError,
    );
    const deadline = Date.now() + 10_000;
    while ((await client.get('/auth/session')).status !== 401) {
      if (Date.now() > deadline) throw new Error('the session is still alive');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await expect(auth.resetPassword(token, `${NEW_PASSWORD} again`)).rejects.toBeInstanceOf(
      InvalidTokenError,
    );
    expect((await events())[0]).toMatchObject({ type: 'password.reset', userId });
    expect((await login(NEW_PASSWORD)).status).toBe(200);
  });
});
