import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../src/auth/index.js';
import { AuditTrail } from '../src/audit/index.js';
import { UsersService } from '../src/users/index.js';
import { deleteKeys } from './support/delete-keys.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';
import { commandsDuring } from './support/redis-commands.js';

const WRONG = 'not the password of anybody';

/** Logins that must look alike; of each, what is sent. */
const REFUSED: [title: string, credentials: { email: string; password: string }][] = [
  ['an unknown e-mail', { email: 'unknown@example.com', password: WRONG }],
  ['a wrong password', { email: 'known@example.com', password: WRONG }],
  ['a disabled account', { email: 'disabled@example.com', password: PASSWORD }],
  ['a disabled account and a wrong password', { email: 'disabled@example.com', password: WRONG }],
  ['a password of 1025 bytes', { email: 'known@example.com', password: 'x'.repeat(1025) }],
  ['a password of 10 kB for nobody', { email: 'unknown@example.com', password: 'x'.repeat(10_000) }],
  ['a password that is no text', { email: 'known@example.com', password: `${PASSWORD}\ud800` }],
  ['an e-mail that is too long', { email: `${'a'.repeat(300)}@example.com`, password: WRONG }],
  ['an e-mail of 10 kB', { email: `${'a'.repeat(10_000)}@example.com`, password: WRONG }],
  ['an e-mail that is none', { email: 'nobody', password: WRONG }],
];

/** All that a client can see, without the request id, which is another one every time, and what the clock does. */
function visible({ status, headers, text }: Answer): unknown {
  const shown = Object.fromEntries([...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)));
  return { status, headers: shown, text: text.replace(/"requestId":"[^"]*"/, '') };
}

/** The same, without how many seconds are left: a second may pass between two answers. */
function visibleLater(answer: Answer): unknown {
  const text = JSON.stringify(visible(answer));
  return JSON.parse(text.replace(/("retry-after":")\d+/, '$1').replace(/;t=\d+/, ''));
}

describe('who has an account', () => {
  let app: TestApp;
  let redis: Redis;
  let options: ResolvedAuthOptions;
  let users: UsersService;

  beforeAll(async () => {
    app = await startApp();
    redis = app.redis.client();
    options = app.app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
    users = app.app.get(UsersService, { strict: false });
    await app.createUser({ email: 'known@example.com' });
    const { id } = await app.createUser({ email: 'disabled@example.com' });
    await users.update(id, { disabled: true });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    jest.restoreAllMocks();
    await deleteKeys(redis, 'lk:throttle:*');
  });

  const login = (body: unknown, client = new CookieClient(app.url)) => client.post('/auth/login', body);

  it.each(REFUSED)('cannot be read from the answer to a login with %s', async (_, credentials) => {
    const reference = await login({ email: 'somebody@example.com', password: WRONG });
    expect([reference.status, reference.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    expect(visible(await login(credentials))).toEqual(visible(reference));
    const bearer = new BearerClient(app.url);
    const asBearer = await bearer.post('/auth/login', { ...credentials, transport: 'bearer' });
    expect(visible(asBearer)).toEqual(visible(reference));
  });

  it.each(REFUSED)('costs no other work at a login with %s', async (_, credentials) => {
    const work = async (body: unknown) => {
      const counted = [
        jest.spyOn(options.hasher, 'verify'),
        jest.spyOn(options.hasher, 'hash'),
        jest.spyOn(users, 'findByEmail'),
        jest.spyOn(users, 'findCredentials'),
        jest.spyOn(app.app.get(AuditTrail, { strict: false }), 'record'),
      ];
      const sent = await commandsDuring(app.redis, () => login(body));
      const calls = counted.map(({ mock }) => mock.calls.length);
      jest.restoreAllMocks();
      // Of several servers the order is not seen.
      return { calls, commands: sent.map((command) => command.split(' ')[0]).sort() };
    };
    const reference = await work({ email: 'somebody@example.com', password: WRONG });
    expect(reference.calls).toEqual([1, 0, 1, 1, 1]);
    expect(await work(credentials)).toEqual(reference);
  });

  it('cannot be read from what a locked account answers, to the right password either', async () => {
    const locked = async (email: string, last: string): Promise<Answer[]> => {
      const answers: Answer[] = [];
      for (let i = 0; i < 5; i += 1) answers.push(await login({ email, password: WRONG }));
      return [...answers, await login({ email, password: last })];
    };
    const unknown = (await locked('unknown@example.com', WRONG)).map(visibleLater);
    expect(unknown.at(-1)).toMatchObject({ status: 429, text: expect.stringContaining('TOO_MANY_ATTEMPTS') });
    for (const [email, last] of [
      ['known@example.com', WRONG],
      ['disabled@example.com', PASSWORD],
      [`${'a'.repeat(300)}@example.com`, WRONG],
    ] as const) {
      expect((await locked(email, last)).map(visibleLater)).toEqual(unknown);
    }
    await deleteKeys(redis, 'lk:throttle:*');
    expect((await locked('known@example.com', PASSWORD)).map(visibleLater)).toEqual(unknown);
  });
});
