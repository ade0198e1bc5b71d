import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { AUTH_OPTIONS, AuthService, type ResolvedAuthOptions } from '../src/auth/index.js';
import { runCli } from '../src/cli/run-cli.js';
import { USER_COMMANDS } from '../src/cli/user.commands.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { CookieClient } from './support/clients.js';

const NAME = 'Katherine Johnson';
const BREACHED = 'four hidden figures at a desk';
const GOOD = '  Zwölf kleine Ziegen \u{1f410} auf dem Dach  ';

/** What a way of setting a password answered. */
interface Refusal {
  /** Stays undefined on the command line, which has no fields. */
  path?: string;
  message: string;
  /** All that was shown, which must not quote the password. */
  text: string;
}

/** A copy of the range interface that knows one breached password; counts how often it is asked. */
async function startBreaches(): Promise<{ url: string; asked: string[]; server: Server }> {
  const digest = createHash('sha1').update(BREACHED).digest('hex').toUpperCase();
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? '');
    res.end(req.url === `/range/${digest.slice(0, 5)}` ? `${digest.slice(5)}:12` : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server };
}

describe('a password that is set', () => {
  let app: TestApp;
  let breaches: Awaited<ReturnType<typeof startBreaches>>;
  let people = 0;

  beforeAll(async () => {
    breaches = await startBreaches();
    app = await startApp({
      env: {
        PASSWORD_CONTEXT_WORDS: 'Langley Field, NACA',
        PASSWORD_BREACH_URL: breaches.url,
        LOG_LEVEL: 'debug',
      },
    });
  });
  afterAll(async () => {
    await app.close();
    breaches.server.closeAllConnections();
    breaches.server.close();
  });

  const newEmail = () => `west.computer${(people += 1)}@analysis.example`;
  const login = async (email: string, password: string) => {
    const client = new CookieClient(app.url);
    return { client, status: (await client.post('/auth/login', { email, password })).status };
  };
  const refusalOf = ({
    status,
    body,
    text,
  }: {
    status: number;
    body: any;
    text: string;
  }): Refusal | undefined => {
    if (status < 300) return undefined;
    expect([status, body.code]).toEqual([400, 'PASSWORD_TOO_WEAK']);
    expect(body.errors).toEqual([{ path: expect.any(String), message: body.detail }]);
    return { ...body.errors[0], text };
  };
  const onTheCommandLine = async (stdin: string, ...argv: string[]): Promise<Refusal | undefined> => {
    const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
    io.stdin.end(stdin);
    const cli = { name: 'user', commands: USER_COMMANDS };
    const code = await runCli(cli, [...argv, '--password-stdin'], () => app.env, io);
    const text = `${String(io.stdout.read() ?? '')}${String(io.stderr.read() ?? '')}`;
    return code === 0 ? undefined : { message: text.trimEnd(), text };
  };

  /** Sets a password in one of the ways; undefined when it was taken. */
  const ways: Record<string, (password: string) => Promise<{ email: string; refusal: Refusal | undefined }>> =
    {
      'POST /auth/register': async (password) => {
        const email = newEmail();
        const answer = await new CookieClient(app.url).post('/auth/register', {
          email,
          password,
          displayName: NAME,
        });
        return { email, refusal: refusalOf(answer) };
      },
      'PUT /auth/password': async (newPassword) => {
        const email = newEmail();
        await app.createUser({ email, displayName: NAME });
        const { client } = await login(email, PASSWORD);
        const answer = await client.put('/auth/password', { currentPassword: PASSWORD, newPassword });
        return { email, refusal: refusalOf(answer) };
      },
      'AuthService.setPassword': async (password) => {
        const email = newEmail();
        const { id } = await app.createUser({ email, displayName: NAME });
        const auth = app.app.get(AuthService, { strict: false });
        const refusal = await auth.setPassword(id, password).then(
          () => undefined,
          ({ message, path, stack }: Error & { path: string }) => ({ message, path, text: `${stack}` }),
        );
        return { email, refusal };
      },
      'user create': async (password) => {
        const email = newEmail();
        return {
          email,
          refusal: await onTheCommandLine(password, 'create', `--email=${email}`, `--name=${NAME}`),
        };
      },
      'user password': async (password) => {
        const email = newEmail();
        await app.createUser({ email, displayName: NAME });
        return { email, refusal: await onTheCommandLine(password, 'password', `--email=${email}`) };
      },
    };
  const paths: Record<string, string | undefined> = {
    'POST /auth/register': 'password',
    'PUT /auth/password': 'newPassword',
    'AuthService.setPassword': 'newPassword',
  };

  const rules: [rule: string, password: string, message: RegExp][] = [
    ['too short', 'zkvqmxwpfjtgdb', /^Use at least 15 characters\.$/],
    ['too long', 'zkvqmxwpfj '.repeat(24), /^Use at most 256 characters\.$/],
    ['far too long', 'zkvqmxwpfj '.repeat(1200), /^Use at most 256 characters\.$/],
    ['one with NUL', 'nine small \u0000 goats', /^Use characters that can be typed/],
    ['one with a tab', 'nine small \t goats', /^Use characters that can be typed/],
    ['one on the list', 'StairwayToHeaven', /^This is one of the most used passwords/],
    ['one word twice', 'sunshine-sunshine', /^This is easy to guess/],
    ['a walk on the keyboard', '2wsx3edc4rfv5tgb6yhn', /^This is easy to guess/],
    ['the e-mail', 'west.computer@analysis.example', /^Do not make a password of your e-mail/],
    ['the domain', 'Analysis! Analysis!', /^Do not make a password of your e-mail/],
    ['the display name', 'Johnson, Katherine 1918', /^Do not make a password of your e-mail/],
    ['the product', 'latchkey latchkey 1', /^Do not make a password of your e-mail/],
    ['the context words', 'langleyfield+naca-1', /^Do not make a password of your e-mail/],
    ['a breached one', BREACHED, /^This password is known from a data breach/],
  ];

  describe.each(Object.keys(ways))('by %s', (way) => {
    const set = ways[way] as NonNullable<(typeof ways)[string]>;

    it.each(rules)('is not %s', async (_, password, message) => {
      const { email, refusal } = await set(password);
      expect(refusal).toMatchObject({ message: expect.stringMatching(message) });
      expect(refusal?.path).toBe(paths[way]);
      expect(refusal?.text.toLowerCase()).not.toContain(password.toLowerCase().slice(0, 10));
      expect((await login(email, password.slice(0, 5000))).status).toBe(401);
    });

    it('is taken as it was typed, to the last blank', async () => {
      const { email, refusal } = await set(GOOD);
      expect(refusal).toBeUndefined();
      expect((await login(email, GOOD.trim())).status).toBe(401);
      expect((await login(email, GOOD.toLowerCase())).status).toBe(401);
      expect((await login(email, GOOD.normalize('NFD'))).status).toBe(200);
    });

    it('may have 256 characters, all of which count', async () => {
      const longest = Array.from({ length: 256 }, (_, i) =>
        String.fromCodePoint(0x1f400 + ((i * i) % 61)),
      ).join('');
      const { email, refusal } = await set(longest);
      expect(refusal).toBeUndefined();
      expect((await login(email, longest.slice(0, -2))).status).toBe(401);
      expect((await login(email, longest)).status).toBe(200);
    });
  });

  it.each(['POST /auth/register', 'PUT /auth/password', 'AuthService.setPassword'])(
    'by %s is well-formed',
    async (way) => {
      for (const half of ['\ud83d', '\udc10']) {
        const { refusal } = (await ways[way]?.(`nine small ${half} goats`)) ?? {};
        expect(refusal?.message).toMatch(/^Use characters that can be typed/);
      }
    },
  );

  it('leaves the process as five digits of a digest, and only when everything else is right', async () => {
    breaches.asked.length = 0;
    await ways['POST /auth/register']?.('sunshine-sunshine');
    const { client } = await login('nobody@example.com', GOOD);
    await client.put('/auth/password', { currentPassword: PASSWORD, newPassword: GOOD });
    expect(breaches.asked).toEqual([]);
    await ways['POST /auth/register']?.(GOOD);
    expect(breaches.asked).toEqual([expect.stringMatching(/^\/range\/[0-9A-F]{5}$/)]);
  });

  it('is in no line of the log', () => {
    const log = JSON.stringify(app.log);
    expect(app.log.length).toBeGreaterThan(50);
    for (const [, password] of rules) expect(log).not.toContain(password.slice(0, 12));
    expect(log).not.toContain('Ziegen');
  });
});

describe('the program without settings', () => {
  it('asks nobody about passwords', async () => {
    const app = await startApp();
    try {
      const { breachedPasswords } = app.app.get<ResolvedAuthOptions>(AUTH_OPTIONS, { strict: false });
      expect(breachedPasswords).toBeUndefined();
    } finally {
      await app.close();
    }
  });
});
