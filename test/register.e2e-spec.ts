import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AuditTrail } from '../src/audit/index.js';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { clearSessions, storedIndexes, storedSessions } from './support/stored-sessions.js';

describe('POST /auth/register', () => {
  let app: TestApp;
  let redis: Redis;
  let people = 0;

  beforeAll(async () => {
    app = await startApp({ env: { REGISTRATION: 'open' } });
    redis = app.redis.client();
  });
  afterAll(() => app.close());
  afterEach(() => clearSessions(redis));

  const newEmail = () => `newcomer${(people += 1)}@example.com`;
  const register = (fields: Record<string, unknown> = {}, client = new CookieClient(app.url)) =>
    client.post('/auth/register', { email: newEmail(), password: PASSWORD, ...fields });

  it('creates an account without roles and logs it in', async () => {
    const client = new CookieClient(app.url);
    const email = newEmail();
    const answer = await register(
      { email: ` ${email.toUpperCase()} `, displayName: '  Ada Lovelace ' },
      client,
    );
    expect(answer.status).toBe(201);
    expect(Object.keys(answer.body)).toEqual(['user', 'session']);
    expect(answer.body.user).toMatchObject({
      email,
      displayName: 'Ada Lovelace',
      roles: [],
      disabled: false,
    });
    expect(answer.headers.getSetCookie().map((cookie) => cookie.split('=', 1)[0])).toEqual(['sid', 'did']);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect((await client.get('/auth/session')).body.user).toEqual(answer.body.user);
    const [session] = await storedSessions(redis);
    expect((await storedIndexes(redis))[0]?.members).toEqual([session?.digest]);
    const { items } = await app.app.get(AuditTrail, { strict: false }).list({ limit: 2 });
    const userId = answer.body.user.id;
    expect(items).toEqual([
      expect.objectContaining({ type: 'login.succeeded', userId, sessionId: answer.body.session.id }),
      expect.objectContaining({ type: 'registered', userId, actorId: userId, ip: '127.0.0.1' }),
    ]);
  });

  it('gives mobile clients a token', async () => {
    const client = new BearerClient(app.url);
    const answer = await client.login({ email: newEmail(), password: PASSWORD }, '/auth/register');
    expect(answer.status).toBe(201);
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect((await client.get('/auth/session')).status).toBe(200);
  });

  it('stores the password as argon2id and nowhere else', async () => {
    const { user } = (await register()).body;
    const credentials = await app.app.get(UsersService, { strict: false }).findCredentials(user.id as string);
    expect(credentials?.passwordHash).toMatch(/^\$argon2id\$/);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['an e-mail that is none', { email: 'nobody' }, 'email'],
    ['an e-mail that is too long', { email: `${'a'.repeat(60)}@${'b'.repeat(190)}.example` }, 'email'],
    ['an e-mail with control characters', { email: 'a\u0007b@example.com' }, 'email'],
    ['a role', { roles: ['admin'] }, 'roles'],
    ['a name with U+0000', { displayName: 'a\0b' }, 'displayName'],
    ['an empty name', { displayName: ' ' }, 'displayName'],
    ['a password that is no string', { password: 15 }, 'password'],
  ])('refuses %s', async (_, fields, path) => {
    const answer = await register(fields);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body.errors).toEqual([expect.objectContaining({ path })]);
    expect(answer.text).not.toContain(PASSWORD);
  });

  it('takes e-mails of any script', async () => {
    const answer = await register({ email: 'ÅNGSTRÖM@例え.jp' });
    expect(answer.body.user.email).toBe('ångström@例え.jp');
  });

  it.each([
    'fourteen chars',
    'latchkey 1 latchkey 2',
    'x'.repeat(257),
    'x'.repeat(2000),
    'lone surrogate \ud800 here',
  ])('refuses a weak password (%#)', async (password) => {
    const answer = await register({ password });
    expect([answer.status, answer.body.code]).toEqual([400, 'PASSWORD_TOO_WEAK']);
    expect(answer.body.detail).not.toBe('');
    expect(answer.text).not.toContain(password);
  });

  it('takes a password of the shortest length after normalisation', async () => {
    expect((await register({ password: 'fifteen chars..' })).status).toBe(201);
    expect((await register({ password: 'e\u0301'.repeat(14) })).body.code).toBe('PASSWORD_TOO_WEAK');
  });

  it('answers 409 for an e-mail that is taken, in any spelling, also when two come at once', async () => {
    const email = newEmail();
    const answers = await Promise.all([register({ email }), register({ email: email.toUpperCase() })]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    const refused = await register({ email });
    expect([refused.status, refused.body.code]).toEqual([409, 'EMAIL_TAKEN']);
    expect(refused.headers.getSetCookie()).toEqual([]);
  });

  it('limits an address', async () => {
    let answer = await register();
    for (let i = 0; i < 60 && answer.status !== 429; i += 1) answer = await register();
    expect([answer.status, answer.body.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
    expect(answer.headers.get('ratelimit-policy')).toBe('"register";q=60;w=3600');
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(3500);
  });
});

describe('POST /auth/register of a program that is closed', () => {
  it('answers 403 and creates nothing', async () => {
    const app = await startApp({ env: { REGISTRATION: 'closed' } });
    try {
      const answer = await new CookieClient(app.url).post('/auth/register', {
        email: 'ada@example.com',
        password: PASSWORD,
      });
      expect([answer.status, answer.body.code]).toEqual([403, 'REGISTRATION_CLOSED']);
      expect(await app.app.get(UsersService, { strict: false }).findByEmail('ada@example.com')).toBeNull();
    } finally {
      await app.close();
    }
  });
});
