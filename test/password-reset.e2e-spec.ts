import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { Redis } from 'ioredis';
import {
  Argon2Hasher,
  RedisLoginThrottle,
  RedisOneTimeTokenStore,
  type AuthModuleOptions,
} from '../src/auth/index.js';
import { startAuthHost, type AuthHost } from './support/auth-host.js';
import { readAnswer, type Answer } from './support/clients.js';
import { Mailbox } from './support/mailbox.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const OLD = 'an old password of a host';
const NEW = 'a new password of a host';
const EMAIL = 'ada@example.com';

function visible({ status, headers, text }: Answer): unknown {
  const shown = Object.fromEntries([...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)));
  return { status, headers: shown, text: text.replace(/"requestId":"[^"]*"/, '') };
}

describe('a password reset in a host that wires its own routes', () => {
  let redis: TestRedis;
  let client: Redis;
  let mailbox: Mailbox;
  let host: AuthHost;
  let userId: string;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    mailbox = new Mailbox();
    host = await start();
    const registered = await call('/auth/register', { email: EMAIL, password: OLD });
    userId = (registered.body.user as { id: string }).id;
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await host.close();
  });

  const start = (options: Partial<AuthModuleOptions> = {}) =>
    startAuthHost(client, {
      mailSender: mailbox,
      oneTimeTokens: new RedisOneTimeTokenStore({ client }),
      ...options,
    });
  const call = async (path: string, body: unknown) => readAnswer(await host.call('POST', path, { body }));
  const login = (password: string) => call('/auth/login', { email: EMAIL, password, transport: 'bearer' });
  const statusOf = async (token: string) =>
    (await host.call('GET', '/auth/session', { headers: { authorization: `Bearer ${token}` } })).status;
  const forgot = (email = EMAIL) => call('/forgot', { email });
  const reset = (token: string, newPassword = NEW) => call('/reset', { token, newPassword });
  const mailedToken = async (email = EMAIL) => {
    expect((await forgot(email)).status).toBe(202);
    return (await mailbox.next('password reset', EMAIL)).token;
  };
  const invalid = async () => visible(await reset('wrong'));
  const change = (fields: Record<string, unknown>) => {
    const account = host.users.accounts.get(userId);
    if (account) host.users.accounts.set(userId, { ...account, user: { ...account.user, ...fields } });
  };

  it('sets the password that the reader of the mail chooses, and ends every session and every other token', async () => {
    const sessions = [(await login(OLD)).body.token, (await login(OLD)).body.token] as string[];
    const earlier = await mailedToken();
    const token = await mailedToken(' ADA@example.com');
    expect(await statusOf(sessions[0] ?? '')).toBe(200);

    const answer = await reset(token);
    expect([answer.status, answer.text, answer.headers.getSetCookie()]).toEqual([204, '', []]);
    for (const session of sessions) expect(await statusOf(session)).toBe(401);
    expect(await host.sessions.count(userId)).toBe(0);
    expect((await login(OLD)).status).toBe(401);
    expect((await login(NEW)).status).toBe(200);
    for (const dead of [token, earlier]) expect(visible(await reset(dead))).toEqual(await invalid());
    expect((await login(NEW)).status).toBe(200);
  });

  it('tells the trail who asked and what was done, and from where', async () => {
    const token = await mailedToken();
    await reset(token);
    await forgot('nobody@example.com');
    const told = () =>
      host.trail.events
        .filter(({ type }) => type.startsWith('password.'))
        .map(({ type, userId: of, ip, detail }) => ({ type, of, ip, detail }));
    while (told().length < 3) await new Promise(setImmediate);
    const ip = '127.0.0.1';
    expect(told()).toEqual([
      { type: 'password.reset_requested', of: userId, ip, detail: { possible: true } },
      { type: 'password.reset', of: userId, ip, detail: { ends: 'all' } },
      { type: 'password.reset_requested', of: null, ip, detail: { possible: false } },
    ]);
    expect(JSON.stringify(host.trail.events)).not.toContain(token.slice(23));
  });

  it('lets exactly one of many uses at once win', async () => {
    const token = await mailedToken();
    const passwords = Array.from({ length: 8 }, (_, i) => `${NEW} ${i}`);
    const answers = await Promise.all(passwords.map((password) => reset(token, password)));
    const won = answers.flatMap(({ status }, i) => (status === 204 ? [i] : []));
    expect(won).toHaveLength(1);
    expect(answers.filter(({ body }) => body?.code === 'INVALID_TOKEN')).toHaveLength(7);
    for (const [i, password] of passwords.entries())
      expect(await host.auth.verifyPassword(userId, password)).toBe(i === won[0]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['a host', () => host.auth.setPassword(userId, 'another password of a host')],
    [
      'its owner',
      async () => {
        const { token } = (await login(OLD)).body as { token: string };
        const answer = await host.call('PUT', '/auth/password', {
          body: { currentPassword: OLD, newPassword: 'another password of a host' },
          headers: { authorization: `Bearer ${token}` },
        });
        expect(answer.status).toBe(200);
      },
    ],
    [
      'somebody who writes to the table',
      async () => {
        const account = host.users.accounts.get(userId);
        const passwordHash = await new Argon2Hasher({ memoryKib: 1024, timeCost: 2, parallelism: 1 }).hash(
          'another password of a host',
        );
        if (account) host.users.accounts.set(userId, { ...account, passwordHash });
      },
    ],
  ])('is void when the password was changed meanwhile by %s', async (_, changePassword) => {
    const token = await mailedToken();
    await changePassword();
    expect(visible(await reset(token))).toEqual(await invalid());
    expect((await login('another password of a host')).status).toBe(200);
  });

  it('is void when the password is changed while the new one is being hashed', async () => {
    const token = await mailedToken();
    const changePassword = host.users.changePassword.bind(host.users);
    jest.spyOn(host.users, 'changePassword').mockImplementationOnce(async (...args) => {
      await changePassword(userId, await new Argon2Hasher().hash('another password of a host'));
      return changePassword(...args);
    });
    expect(visible(await reset(token))).toEqual(await invalid());
    expect((await login('another password of a host')).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>]>([
    ['was disabled', { disabled: true }],
    ['has another e-mail', { email: 'ada@example.net' }],
  ])('is refused when the account %s meanwhile', async (_, fields) => {
    const token = await mailedToken();
    change(fields);
    expect(visible(await reset(token))).toEqual(await invalid());
    change({ disabled: false, email: EMAIL });
    expect((await login(OLD)).status).toBe(200);
    expect((await reset(token)).status).toBe(204);
  });

  it('does not use up the token for a password that the policy refuses', async () => {
    const token = await mailedToken();
    for (const weak of ['short', 'x'.repeat(300), 'ada@example.com ada@example.com']) {
      const answer = await reset(token, weak);
      expect([answer.status, answer.body.code]).toEqual([400, 'PASSWORD_TOO_WEAK']);
      expect(answer.text).not.toContain(weak);
    }
    expect((await login(OLD)).status).toBe(200);
    expect((await reset(token)).status).toBe(204);
  });

  it('expires', async () => {
    const token = await mailedToken();
    const [key = '', ...others] = await client.keys('lk:token:*');
    expect(others).toEqual([]);
    expect(await client.pttl(key)).toBeGreaterThan(3_590_000);
    expect(await client.pttl(key)).toBeLessThanOrEqual(3_600_000);
    await client.pexpire(key, 0);
    expect(visible(await reset(token))).toEqual(await invalid());
  });

  it('lets an account in that guessing has locked', async () => {
    const token = await mailedToken();
    for (let i = 0; i < 6; i += 1) await login('not the password of a host');
    expect((await login(OLD)).status).toBe(429);
    expect((await reset(token)).status).toBe(204);
    expect((await login(NEW)).status).toBe(200);
  });

  it('makes every device unknown that knew the old password', async () => {
    const throttle = new RedisLoginThrottle({ client, secrets: ['a-device-secret-of-the-tests-and-only'] });
    await host.close();
    const { users } = host;
    host = await start({ throttle, userStore: users });
    users.revokeAll = (id) => host.sessions.revokeAll(id);
    const { deviceToken } = (await login(OLD)).body as { deviceToken: string };
    const guess = (device?: string) =>
      call('/auth/login', { email: EMAIL, password: 'not the password of a host', deviceToken: device });
    for (let i = 0; i < 5; i += 1) await guess();
    expect((await guess()).status).toBe(429);
    expect((await guess(deviceToken)).status).toBe(401);
    expect((await reset(await mailedToken())).status).toBe(204);
    for (let i = 0; i < 5; i += 1) expect((await guess()).status).toBe(401);
    expect((await guess(deviceToken)).status).toBe(429);
  });

  it('limits the mails to one person', async () => {
    for (let i = 0; i < 9; i += 1) expect((await forgot()).status).toBe(202);
    const answer = await forgot();
    // The registration at the beginning is one of the ten.
    expect([answer.status, answer.headers.get('ratelimit-policy')]).toEqual([429, '"mail";q=10;w=3600']);
  });

  it('answers the same for everybody, before anything is looked up', async () => {
    const looked = jest.spyOn(host.users, 'findByEmail');
    let goOn: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (goOn = resolve));
    looked.mockImplementationOnce(async () => (await held, null));
    const answers = [await forgot(), await forgot('nobody@example.com'), await forgot('x'.repeat(2000))];
    for (const answer of answers) expect(visible(answer)).toEqual(visible(answers[0] as Answer));
    expect(visible(answers[0] as Answer)).toMatchObject({ status: 202, text: '' });
    goOn();
  });

  it('makes no token that can be used for an unknown, a disabled or a passwordless account, after the same work', async () => {
    const put = jest.spyOn(RedisOneTimeTokenStore.prototype, 'put');
    const found = jest.spyOn(host.users, 'findCredentials');
    const asked = [
      await host.auth.createResetToken(EMAIL),
      await host.auth.createResetToken('bob@example.com'),
    ];
    change({ disabled: true });
    asked.push(await host.auth.createResetToken(EMAIL));
    change({ disabled: false });
    const account = host.users.accounts.get(userId);
    if (account) host.users.accounts.set(userId, { ...account, passwordHash: null });
    asked.push(await host.auth.createResetToken(EMAIL));
    expect(asked).toEqual([{ token: expect.any(String), expiresAt: expect.any(Date) }, null, null, null]);
    expect([put, found].map(({ mock }) => mock.calls.length)).toEqual([4, 4]);
    const sizes = put.mock.calls.map(
      ([{ slot, digest, payload }]) => [slot, digest, payload].join('').length,
    );
    expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThan(20);
    expect(mailbox.mails).toEqual([]);
  });

  it('limits an address that asks', async () => {
    let answer = await forgot('nobody1@example.com');
    for (let i = 2; i < 100 && answer.status !== 429; i += 1) answer = await forgot(`nobody${i}@example.com`);
    expect([answer.status, answer.body.code]).toEqual([429, 'TOO_MANY_ATTEMPTS']);
  });

  it('says what is missing in a host that has said nothing about mails or tokens', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const bare = await start({
      mailSender: undefined,
      oneTimeTokens: undefined,
    });
    try {
      await expect(bare.auth.createResetToken(EMAIL)).rejects.toThrow(
        /pass oneTimeTokens: new RedisOneTimeTokenStore/,
      );
      expect((await bare.call('POST', '/forgot', { body: { email: EMAIL } })).status).toBe(500);
      expect(String(logged.mock.calls.flat().join())).toContain('pass a mailSender to send password resets');
    } finally {
      await bare.close();
    }
  });
});
