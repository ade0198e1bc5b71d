import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AUTH_OPTIONS, AuthService, type ResolvedAuthOptions } from '../src/auth/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { type Answer, BearerClient, CookieClient } from './support/clients.js';
import { deleteKeys } from './support/delete-keys.js';

const NEW_PASSWORD = 'ten small goats on a roof';

describe('a known device', () => {
  let app: TestApp;
  let redis: Redis;
  let email: string;
  let userId: string;
  let people = 0;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
  });
  afterAll(() => app.close());
  afterEach(() => void jest.restoreAllMocks());
  beforeEach(async () => {
    await redis.flushall();
    people += 1;
    email = `person${people}@example.com`;
    ({ id: userId } = await app.createUser({ email }));
  });

  const login = (client: CookieClient | BearerClient, password = PASSWORD, more = {}): Promise<Answer> =>
    client.post('/auth/login', { email, password, ...more });
  const browser = async (): Promise<CookieClient> => {
    const client = new CookieClient(app.url);
    expect((await login(client)).status).toBe(200);
    return client;
  };
  const phone = async (): Promise<string> => {
    const { body } = await new BearerClient(app.url).login({ email, password: PASSWORD });
    return (body as { deviceToken: string }).deviceToken;
  };
  const strangersTry = async () => {
    for (let i = 0; i < 5; i += 1) expect((await login(new CookieClient(app.url), 'wrong')).status).toBe(401);
  };
  const strangersLockIt = async () => {
    await strangersTry();
    expect((await login(new CookieClient(app.url))).status).toBe(429);
  };

  it('is a browser that keeps a cookie for a year, over its logout', async () => {
    const client = new CookieClient(app.url);
    const answer = await login(client);
    const cookie = answer.headers.getSetCookie().find((header) => header.startsWith('did=')) ?? '';
    const [pair, ...attributes] = cookie.split('; ');
    expect(pair).toMatch(/^did=lkd_[\w-]{12}\.[0-9a-z]+\.[\w-]{43}$/);
    expect(attributes.filter((attribute) => !attribute.startsWith('Expires=')).sort()).toEqual([
      'HttpOnly',
      'Max-Age=31536000',
      'Path=/',
      'SameSite=Lax',
    ]);
    expect(answer.body.deviceToken).toBeUndefined();
    await client.post('/auth/logout');
    expect(await client.cookie('did')).toBe(pair?.slice('did='.length));
    await strangersLockIt();
    expect((await login(client)).status).toBe(200);
  });

  it('is an application that sends the token it was given', async () => {
    const client = new BearerClient(app.url);
    const answer = await client.login({ email, password: PASSWORD });
    expect(Object.keys(answer.body as object)).toEqual(['user', 'session', 'token', 'deviceToken']);
    expect(answer.headers.getSetCookie()).toEqual([]);
    await strangersLockIt();
    const { deviceToken } = answer.body as { deviceToken: string };
    const again = await login(new BearerClient(app.url), PASSWORD, { deviceToken, transport: 'bearer' });
    expect(again.status).toBe(200);
    expect(again.body.deviceToken).toMatch(/^lkd_/);
  });

  it('is the one that registered', async () => {
    const client = new CookieClient(app.url);
    email = `newcomer${people}@example.com`;
    expect((await client.post('/auth/register', { email, password: PASSWORD })).status).toBe(201);
    await strangersLockIt();
    expect((await login(client)).status).toBe(200);
  });

  it('is not locked out by what was tried at a name before somebody had it', async () => {
    email = `newcomer${people}@example.com`;
    await strangersLockIt();
    const client = new CookieClient(app.url);
    expect((await client.post('/auth/register', { email, password: PASSWORD })).status).toBe(201);
    expect((await login(new CookieClient(app.url))).status).toBe(200);
  });

  it('gets in after the stop that strangers have brought about', async () => {
    const client = await browser();
    await strangersLockIt();
    const [failures = ''] = await redis.keys('lk:throttle:{*:failures');
    await redis.set(failures, 100, 'KEEPTTL');
    await deleteKeys(redis, 'lk:throttle:{*:lock');
    expect((await login(new CookieClient(app.url))).status).toBe(429);
    expect((await login(client)).status).toBe(200);
    expect((await client.post('/auth/reauthenticate', { password: PASSWORD })).status).toBe(200);
  });

  it('is locked by its own failures, and strangers are not', async () => {
    const client = await browser();
    for (let i = 0; i < 5; i += 1) expect((await login(client, 'wrong')).status).toBe(401);
    const refused = await login(client);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('ratelimit-policy')).toBe('"device";q=5;w=86400');
    expect((await login(new CookieClient(app.url))).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['nothing of ours', 'forged'],
    ['an empty text', ''],
    ['a long text', 'x'.repeat(5_000)],
    ['text of another kind', 'lkd_AAAAAAAAAAAA.0.\u0000'],
  ])('is unknown, and nothing worse, with a token that is %s', async (_, deviceToken) => {
    expect((await login(new BearerClient(app.url), PASSWORD, { deviceToken })).status).toBe(200);
    await strangersLockIt();
    expect((await login(new BearerClient(app.url), PASSWORD, { deviceToken })).status).toBe(429);
  });

  it('is unknown, and nothing worse, with a cookie that is not ours', async () => {
    const headers = { cookie: 'did=%00%ff; did="; other=1', origin: app.url };
    const answer = await new BearerClient(app.url).post(
      '/auth/login',
      { email, password: PASSWORD },
      { headers },
    );
    expect(answer.status).toBe(200);
  });

  it('of another account is unknown', async () => {
    const client = await browser();
    people += 1;
    email = `person${people}@example.com`;
    await app.createUser({ email });
    await strangersLockIt();
    expect((await login(client)).status).toBe(429);
  });

  it('is forgotten when the password is changed, but for the one on which it was', async () => {
    const [here, there, app1] = [await browser(), await browser(), await phone()];
    const changed = await here.put('/auth/password', {
      currentPassword: PASSWORD,
      newPassword: NEW_PASSWORD,
    });
    expect(changed.status).toBe(200);
    await strangersLockIt();
    expect((await login(there, NEW_PASSWORD)).status).toBe(429);
    expect((await login(new BearerClient(app.url), NEW_PASSWORD, { deviceToken: app1 })).status).toBe(429);
    expect((await login(here, NEW_PASSWORD)).status).toBe(200);
  });

  it.each([
    ['its owner', (client: BearerClient) => changeOwn(client)],
    ['others', () => app.app.get(AuthService, { strict: false }).setPassword(userId, NEW_PASSWORD)],
  ])('is forgotten even when the process dies right after %s changed the password', async (_, change) => {
    const client = new BearerClient(app.url);
    const { deviceToken } = (await client.login({ email, password: PASSWORD })).body;
    const { userStore } = app.app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
    jest.spyOn(userStore, 'changePassword').mockRejectedValueOnce(new Error('killed after the commit'));
    await change(client).catch(() => undefined);
    await strangersLockIt();
    expect((await login(new BearerClient(app.url), PASSWORD, { deviceToken })).status).toBe(429);
  });
  const changeOwn = (client: BearerClient): Promise<unknown> =>
    client.put('/auth/password', { currentPassword: PASSWORD, newPassword: NEW_PASSWORD });

  it('of a bearer client gets a new token with its new password', async () => {
    const client = new BearerClient(app.url);
    await client.login({ email, password: PASSWORD });
    const { body } = await client.put('/auth/password', {
      currentPassword: PASSWORD,
      newPassword: NEW_PASSWORD,
    });
    await strangersLockIt();
    const { deviceToken } = body as { deviceToken: string };
    expect((await login(new BearerClient(app.url), NEW_PASSWORD, { deviceToken })).status).toBe(200);
  });

  it('is forgotten when the password is set by others, which lifts a stop', async () => {
    const deviceToken = await phone();
    await strangersLockIt();
    const [failures = ''] = await redis.keys('lk:throttle:{*:failures');
    await redis.set(failures, 100, 'KEEPTTL');
    await app.app.get(AuthService, { strict: false }).setPassword(userId, NEW_PASSWORD);
    expect((await login(new CookieClient(app.url), NEW_PASSWORD)).status).toBe(200);
    await strangersTry();
    expect((await login(new BearerClient(app.url), NEW_PASSWORD, { deviceToken })).status).toBe(429);
  });
});

describe('the cookie of a known device, over https', () => {
  it('has the prefix that ties it to this host', async () => {
    const app = await startApp({ env: { PUBLIC_URL: 'https://app.example.com' } });
    await app.createUser({ email: 'ada@example.com' });
    const login = (password = PASSWORD, headers = {}) =>
      new CookieClient(app.url, { origin: 'https://app.example.com' }).post(
        '/auth/login',
        { email: 'ada@example.com', password },
        { headers },
      );
    const [, device = ''] = (await login()).headers.getSetCookie();
    expect(device).toMatch(
      /^__Host-did=lkd_[^;]+; Max-Age=31536000; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
    for (let i = 0; i < 5; i += 1) await login('wrong');
    expect((await login()).status).toBe(429);
    expect((await login(PASSWORD, { cookie: device.split(';')[0] ?? '' })).status).toBe(200);
    await app.close();
  });
});
