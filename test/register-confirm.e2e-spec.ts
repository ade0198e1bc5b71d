import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { Argon2Hasher, RedisOneTimeTokenStore, type AuthModuleOptions } from '../src/auth/index.js';
import { startAuthHost, type AuthHost } from './support/auth-host.js';
import { readAnswer, type Answer } from './support/clients.js';
import { Mailbox } from './support/mailbox.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const PASSWORD = 'a password of a host';
const CHEAP = { memoryKib: 1024, timeCost: 2, parallelism: 1 };

/** Everything of an answer that a client sees, without what differs between any two answers. */
function visible({ status, headers, text }: Answer): unknown {
  const shown = Object.fromEntries([...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)));
  return { status, headers: shown, text: text.replace(/"requestId":"[^"]*"/, '') };
}

describe('registration that has to be confirmed', () => {
  let redis: TestRedis;
  let client: Redis;
  let mailbox: Mailbox;
  let host: AuthHost;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    mailbox = new Mailbox();
    host = await start();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await host.close();
  });

  const start = (options: Partial<AuthModuleOptions> = {}) =>
    startAuthHost(client, {
      registration: 'confirm',
      mailSender: mailbox,
      oneTimeTokens: new RedisOneTimeTokenStore({ client }),
      ...options,
    });
  const call = async (path: string, body: unknown, headers: Record<string, string> = {}) =>
    readAnswer(await host.call('POST', path, { body, headers }));
  const register = (email: string, fields: Record<string, unknown> = {}) =>
    call('/auth/register', { email, password: PASSWORD, ...fields });
  const confirm = (token: string, fields: Record<string, unknown> = {}) =>
    call('/auth/register/confirm', { token, ...fields });
  const login = (email: string, password = PASSWORD) => call('/auth/login', { email, password });
  const tokenFor = async (email: string) => (await mailbox.next('registration', email)).token;
  const registered = async (email: string) => {
    await register(email);
    return confirm(await tokenFor(email));
  };

  it('mails a token, makes nothing yet, and logs in who brings it back', async () => {
    const asked = await register(' Ada@Example.com ', { displayName: 'Ada' });
    expect([asked.status, asked.text]).toEqual([202, '']);
    expect(asked.headers.get('cache-control')).toBe('no-store');
    expect(asked.headers.getSetCookie()).toEqual([]);
    expect(host.users.accounts.size).toBe(0);
    const mail = await mailbox.next('registration', 'ada@example.com');
    expect(mail.displayName).toBe('Ada');
    expect(mail.expiresAt.getTime() - Date.now()).toBeGreaterThan(86_390_000);

    const answer = await confirm(mail.token);
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual(['user', 'session']);
    expect(answer.body.user).toMatchObject({ email: 'ada@example.com', displayName: 'Ada', roles: [] });
    const [cookie = ''] = answer.headers.getSetCookie();
    const session = await host.call('GET', '/auth/session', {
      headers: { cookie: cookie.split(';')[0] ?? '' },
    });
    expect(session.status).toBe(200);
    expect((await login('ada@example.com')).status).toBe(200);
    const { id } = answer.body.user as { id: string };
    expect(
      host.trail.events.map(({ type, userId, detail }) => ({ type, userId, detail })).slice(0, 2),
    ).toEqual([
      { type: 'registration.requested', userId: null, detail: { mail: 'registration' } },
      { type: 'registered', userId: id, detail: { transport: 'cookie' } },
    ]);
  });

  it('gives mobile clients a token of a session', async () => {
    await register('ada@example.com');
    const answer = await confirm(await tokenFor('ada@example.com'), { transport: 'bearer' });
    expect(answer.body.token).toMatch(/^lk_/);
    expect(answer.headers.getSetCookie()).toEqual([]);
  });

  it('answers the same, after the same work, whether the e-mail is free or taken', async () => {
    await registered('ada@example.com');
    const hash = jest.spyOn(Argon2Hasher.prototype, 'hash');
    const put = jest.spyOn(RedisOneTimeTokenStore.prototype, 'put');
    const events = host.trail.events.length;
    const taken = await register('ada@example.com', { password: 'another password of a host' });
    const work = [hash, put].map(({ mock }) => mock.calls.length);
    expect(work).toEqual([1, 1]);
    const free = await register('bob@example.com', { password: 'another password of a host' });
    expect(visible(free)).toEqual(visible(taken));
    expect([hash, put].map(({ mock }) => mock.calls.length)).toEqual([2, 2]);
    expect(host.trail.events.slice(events).map(({ type, detail }) => [type, detail])).toEqual([
      ['registration.requested', { mail: 'account-exists' }],
      ['registration.requested', { mail: 'registration' }],
    ]);

    expect(Object.keys(await mailbox.next('account exists', 'ada@example.com'))).toEqual(['kind', 'email']);
    await mailbox.next('registration', 'bob@example.com');
    expect(mailbox.mails).toEqual([]);
    expect((await login('ada@example.com', 'another password of a host')).status).toBe(401);
    expect((await login('ada@example.com')).status).toBe(200);
  });

  it('answers before a mail is sent, and when none can be', async () => {
    let goOn: () => void = () => undefined;
    mailbox.held = new Promise((resolve) => (goOn = resolve));
    expect((await register('ada@example.com')).status).toBe(202);
    expect(mailbox.mails).toEqual([]);
    goOn();
    expect((await confirm(await tokenFor('ada@example.com'))).status).toBe(201);
  });

  it('refuses tokens that are wrong, used, overtaken, expired or of a taken e-mail with the same bytes', async () => {
    const wrong = visible(await confirm('wrong'));
    expect(wrong).toMatchObject({ status: 400, text: expect.stringContaining('"code":"INVALID_TOKEN"') });

    await register('ada@example.com');
    const used = await tokenFor('ada@example.com');
    expect(visible(await confirm(`${used.slice(0, -1)}${used.endsWith('A') ? 'B' : 'A'}`))).toEqual(wrong);
    await register('ada@example.com', { password: 'the password of a stranger' });
    const overtaken = await tokenFor('ada@example.com');
    // The stranger who came later has not voided it.
    expect((await confirm(used)).status).toBe(201);
    expect((await login('ada@example.com')).status).toBe(200);
    expect(visible(await confirm(used))).toEqual(wrong);
    expect(visible(await confirm(overtaken))).toEqual(wrong);

    await register('bob@example.com');
    const [key = ''] = await client.keys('lk:token:*');
    await client.pexpire(key, 0);
    expect(visible(await confirm(await tokenFor('bob@example.com')))).toEqual(wrong);

    for (const token of ['', 'x'.repeat(10_000), '\0', '../..']) {
      expect(visible(await confirm(token))).toEqual(wrong);
    }
  });

  it('is no way into an account that got the e-mail meanwhile', async () => {
    await register('ada@example.com', { password: 'a password of an attacker' });
    const token = await tokenFor('ada@example.com');
    await host.users.create({
      email: 'ada@example.com',
      displayName: null,
      passwordHash: await new Argon2Hasher(CHEAP).hash(PASSWORD),
      roles: ['admin'],
    });
    expect(visible(await confirm(token))).toEqual(visible(await confirm('wrong')));
    expect(host.users.accounts.size).toBe(1);
    expect((await login('ada@example.com', 'a password of an attacker')).status).toBe(401);
    expect((await login('ada@example.com')).status).toBe(200);
  });

  it('takes the password and name of the last request', async () => {
    await register('ada@example.com', { displayName: 'First' });
    await tokenFor('ada@example.com');
    await register('ADA@example.com', { password: 'another password of a host', displayName: 'Second' });
    const answer = await confirm(await tokenFor('ada@example.com'));
    expect(answer.body.user.displayName).toBe('Second');
    expect((await login('ada@example.com')).status).toBe(401);
    expect((await login('ada@example.com', 'another password of a host')).status).toBe(200);
  });

  it('makes one account of a token that comes many times at once', async () => {
    await register('ada@example.com');
    const token = await tokenFor('ada@example.com');
    const answers = await Promise.all(Array.from({ length: 10 }, () => confirm(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(400)]);
    expect(host.users.accounts.size).toBe(1);
    expect(await client.keys('lk:sess:*')).toHaveLength(1);
  });

  it('ignores invalid credentials, as a login does, and refuses ambiguous ones', async () => {
    await register('ada@example.com');
    const token = await tokenFor('ada@example.com');
    const bearer = { authorization: 'Bearer lk_x.y' };
    const asCookie = await call('/auth/register/confirm', { token, transport: 'cookie' }, bearer);
    expect([asCookie.status, asCookie.body.code]).toEqual([400, 'AMBIGUOUS_CREDENTIALS']);
    const answer = await call('/auth/register/confirm', { token }, { cookie: 'sid=s%3Aforged.forged' });
    expect(answer.status).toBe(201);
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    await register('bob@example.com');
    const byBearer = await call(
      '/auth/register/confirm',
      { token: await tokenFor('bob@example.com') },
      bearer,
    );
    expect([byBearer.status, byBearer.headers.getSetCookie()]).toEqual([201, []]);
  });

  it('never makes a session of a GET', async () => {
    await register('ada@example.com');
    const token = await tokenFor('ada@example.com');
    for (const path of [`/auth/register/confirm?token=${token}`, `/auth/register/confirm/${token}`]) {
      const answer = await host.call('GET', path);
      expect(answer.status).toBeGreaterThanOrEqual(404);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    expect((await confirm(token)).status).toBe(201);
  });

  it('sends so many mails to one person and no more, and says so whether the e-mail is free or taken', async () => {
    await registered('ada@example.com');
    for (let i = 0; i < 9; i += 1) expect((await register('ada@example.com')).status).toBe(202);
    for (let i = 0; i < 10; i += 1) expect((await register('bob@example.com')).status).toBe(202);
    const answers = [await register('ada@example.com'), await register('bob@example.com')];
    for (const answer of answers) {
      expect([answer.status, answer.body.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
      expect(answer.headers.get('ratelimit-policy')).toBe('"mail";q=10;w=3600');
    }
    const [taken, free] = answers.map((answer) => answer.text.replace(/"requestId":"[^"]*"/, ''));
    expect(taken).toBe(free);
    for (let i = 0; i < 9; i += 1) await mailbox.next('account exists', 'ada@example.com');
    for (let i = 0; i < 10; i += 1) await mailbox.next('registration', 'bob@example.com');
    expect(mailbox.mails).toEqual([]);
  });

  it('is judged as any registration: weak passwords, bodies of another form', async () => {
    expect((await register('ada@example.com', { password: 'short' })).body.code).toBe('PASSWORD_TOO_WEAK');
    expect((await register('nobody')).body.code).toBe('VALIDATION_FAILED');
    for (const body of [{}, { token: 1 }, { token: 'x', email: 'ada@example.com' }]) {
      expect((await call('/auth/register/confirm', body)).body.code).toBe('VALIDATION_FAILED');
    }
    expect(mailbox.mails).toEqual([]);
  });

  it.each(['open', 'closed'] as const)('is not there while registration is %s', async (registration) => {
    await register('ada@example.com');
    const token = await tokenFor('ada@example.com');
    const confirming = host;
    host = await start({ registration });
    await confirming.close();
    const answer = await confirm(token);
    expect([answer.status, answer.body.code]).toEqual([403, 'REGISTRATION_CLOSED']);
    expect(host.users.accounts.size).toBe(0);
  });
});
