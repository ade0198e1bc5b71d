import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { parseEnv, type Env } from './config/index.js';
import { welcome } from './welcome.js';

const URL = 'http://127.0.0.1:3000';
const AT = { url: URL, takenPort: undefined };
const envOf = (settings: Record<string, string> = {}): Env =>
  parseEnv({
    SESSION_SECRETS: 'V2J0x9QwZr7Lk3TnYf5Hd8Gb1Mc6Ps4a',
    SESSION_INDEX_KEYS: 'c9Rk2Xv7Tq4Zp1Nw8Ej5Ly3Uo6Hs0Bg-',
    ...settings,
  });

/** The lines to paste. */
const tour = (text: string): string[] =>
  text.split('\n').flatMap((line) => (/^ {4}(curl|npm) /.test(line) ? line.trim() : []));

/** What a shell makes of a line's arguments, without running curl. */
const argumentsOf = (line: string): string[] =>
  execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' })
    .split('\0')
    .slice(0, -1);

describe('welcome', () => {
  it('says where the program is and which policy is in force', () => {
    const text = welcome(envOf({ SESSION_WEB_IDLE: '20m' }), AT, null);
    expect(text).toMatch(/Latchkey +http:\/\/127\.0\.0\.1:3000\n/);
    expect(text).toMatch(/Console +http:\/\/127\.0\.0\.1:3000\/console\/\n/);
    expect(text).toMatch(/API docs +http:\/\/127\.0\.0\.1:3000\/docs\n/);
    expect(text).toMatch(/web +20m idle, 12h absolute\n/);
    expect(text).toMatch(/sessionsPerUser +10, evict-lru\n/);
    expect(text).not.toMatch(/ssssss|iiiiii/);
    expect(welcome(envOf({ DOCS: 'off' }), AT, null)).not.toContain('/docs');
    expect(welcome(envOf({ CONSOLE: 'off' }), AT, null)).not.toContain('/console');
  });

  it('says which port was taken, and why it is another one', () => {
    const text = welcome(envOf(), { url: URL, takenPort: 2999 }, null);
    expect(text).toMatch(
      /port 2999 is taken by another program; PORT is not set, so this is the next free one/,
    );
  });

  it('logs the first admin in with the password that it shows', () => {
    const text = welcome(envOf(), AT, {
      email: 'admin@example.com',
      password: 'a-b_c',
      passwordFile: undefined,
    });
    expect(text).toMatch(/Password +a-b_c +\(shown once\)/);
    const [login = '', session = '', sessions = ''] = tour(text);
    expect(argumentsOf(login)).toEqual(
      expect.arrayContaining(['{"email":"admin@example.com","password":"a-b_c"}', `${URL}/auth/login`]),
    );
    expect(argumentsOf(session).at(-1)).toBe(`${URL}/auth/session`);
    expect(argumentsOf(sessions).at(-1)).toBe(`${URL}/auth/sessions`);
    const jar = argumentsOf(login)[argumentsOf(login).indexOf('-c') + 1];
    expect(dirname(jar as string)).toBe(envOf().dataDir);
    expect(argumentsOf(session)[argumentsOf(session).indexOf('-b') + 1]).toBe(jar);
  });

  it('has the login read the password from its file when it was not shown', () => {
    const directory = mkdtempSync(join(tmpdir(), "latchkey's "));
    const passwordFile = join(directory, 'admin-password');
    writeFileSync(passwordFile, 'a-b_c\n');
    const text = welcome(envOf(), AT, {
      email: 'admin@example.com',
      password: undefined,
      passwordFile,
    });
    expect(text).not.toContain('a-b_c');
    expect(argumentsOf(tour(text)[0] as string)).toContain(
      '{"email":"admin@example.com","password":"a-b_c"}',
    );
    rmSync(directory, { recursive: true });
  });

  it('registers somebody new on a later start, or says how accounts are made when registration is closed', () => {
    const [register = ''] = tour(welcome(envOf({ PASSWORD_MIN_LENGTH: '40' }), AT, null));
    expect(argumentsOf(register).at(-1)).toBe(`${URL}/auth/register`);
    const body = argumentsOf(register).find((argument) => argument.startsWith('{')) as string;
    expect(JSON.parse(body)).toEqual({
      email: expect.stringMatching(/^you-[0-9a-f]{8}@example\.com$/),
      password: expect.stringMatching(/^.{40,}$/),
    });
    expect(tour(welcome(envOf({ REGISTRATION: 'closed' }), AT, null))).toEqual([
      'npm run user -- create --email you@example.com',
    ]);
  });
});
