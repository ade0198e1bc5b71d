import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';

import { runCli, type Cli } from '../src/cli/run-cli.js';
import { SESSIONS_COMMANDS } from '../src/cli/sessions.commands.js';
import { USER_COMMANDS } from '../src/cli/user.commands.js';
import { EnvError, parseEnv, privateRedisSocket } from '../src/config/index.js';
import { clearSessions } from './support/stored-sessions.js';
import { startAdminApp, type AdminApp } from './support/admin-app.js';
import { PASSWORD } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';

interface Outcome {
  code: 0 | 1;
  stdout: string;
  stderr: string;
  /** What `--json` printed. */
  json: any;
}

const NEW_PASSWORD = 'seven quiet rivers in the dark';

let program: AdminApp;
let redis: Redis;

beforeAll(async () => {
  program = await startAdminApp();
  redis = program.redis.client();
});
afterAll(() => program.close());

async function run(cli: Cli, argv: string[], { stdin = '', env = () => program.env } = {}): Promise<Outcome> {
  const io = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  io.stdin.end(stdin);
  const code = await runCli(cli, argv, env, io);
  const [stdout, stderr] = [io.stdout, io.stderr].map((stream) => String(stream.read() ?? '')) as [
    string,
    string,
  ];
  return {
    code,
    stdout,
    stderr,
    json: argv.includes('--json') && code === 0 ? JSON.parse(stdout) : undefined,
  };
}

const user = (...argv: string[]) => run({ name: 'user', commands: USER_COMMANDS }, argv);
const sessions = (...argv: string[]) => run({ name: 'sessions', commands: SESSIONS_COMMANDS }, argv);
const userTyping = (stdin: string, ...argv: string[]) =>
  run({ name: 'user', commands: USER_COMMANDS }, [...argv, '--password-stdin'], { stdin });

async function login(email: string, password = PASSWORD): Promise<number> {
  return (await new CookieClient(program.url).post('/auth/login', { email, password })).status;
}

describe('user create', () => {
  it('makes an account that can log in, with its roles', async () => {
    const { code, stdout, stderr } = await userTyping(
      `${PASSWORD}\n`,
      'create',
      '--email',
      ' Grace@Example.com',
      '--name=Grace Hopper',
      '--role',
      'support',
      '--role=admin',
    );
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Created grace@example\.com with the roles admin, support, id \S+\.\n$/);
    const client = new CookieClient(program.url);
    const { status, body } = await client.post('/auth/login', {
      email: 'grace@example.com',
      password: PASSWORD,
    });
    expect(status).toBe(200);
    expect(body.user).toMatchObject({ displayName: 'Grace Hopper', roles: ['admin', 'support'] });
    expect((await client.get('/admin/users')).status).toBe(200);
  });

  it('prints the account as one line of JSON when asked', async () => {
    const { code, json, stdout } = await userTyping(PASSWORD, 'create', '--email=json@example.com', '--json');
    expect(code).toBe(0);
    expect(json.user).toMatchObject({
      email: 'json@example.com',
      displayName: null,
      roles: [],
      disabled: false,
    });
    expect(stdout.trimEnd()).not.toContain('\n');
  });

  it.each([
    [
      'an e-mail that is in use',
      ['--email=root@example.com'],
      PASSWORD,
      'There is already an account with this e-mail.',
    ],
    ['an e-mail that is none', ['--email=nobody'], PASSWORD, '--email: Must be an e-mail address'],
    ['a weak password', ['--email=weak@example.com'], 'hunter2', 'Use at least 15 characters.'],
    ['no password', ['--email=none@example.com'], '', 'There is no password on standard input.'],
    [
      'a role of other letters',
      ['--email=role@example.com', '--role=Big Boss'],
      PASSWORD,
      'roles.0: Must match',
    ],
    [
      'a name with a line break',
      ['--email=name@example.com', '--name=a\nb'],
      PASSWORD,
      'name: Must not contain control',
    ],
  ])('refuses %s on one line', async (_name, argv, stdin, message) => {
    const { code, stdout, stderr } = await userTyping(stdin, 'create', ...argv);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^[^\n]+\n$/);
    expect(stderr).not.toContain('hunter2');
  });

  it('refuses to wait for a password where nobody can type one', async () => {
    const { code, stderr } = await user('create', '--email=tty@example.com');
    expect([code, stderr]).toEqual([
      1,
      'There is no terminal to ask for a password on. Use --password-stdin.\n',
    ]);
  });
});

describe('what acts on live sessions', () => {
  it('user disable ends them all and locks out, user enable lets in again', async () => {
    const { clients } = await program.person('barred@example.com', { sessions: 2 });
    const disabled = await user('disable', '--email=Barred@example.com');
    expect([disabled.code, disabled.stdout]).toEqual([
      0,
      'Disabled barred@example.com; all its sessions have ended.\n',
    ]);
    for (const client of clients) expect((await client.get('/auth/session')).status).toBe(401);
    expect(await login('barred@example.com')).toBe(401);
    expect((await user('enable', '--email=barred@example.com')).stdout).toBe('Enabled barred@example.com.\n');
    expect(await login('barred@example.com')).toBe(200);
  });

  it('user roles changes what a session may from its next request on', async () => {
    const { clients } = await program.person('roles@example.com');
    const given = await user(
      'roles',
      '--email=roles@example.com',
      '--role=support',
      '--role=billing',
      '--json',
    );
    expect(given.json.user.roles).toEqual(['billing', 'support']);
    expect((await clients[0]?.get('/auth/session'))?.body.user.roles).toEqual(['billing', 'support']);
    expect((await user('roles', '--email=roles@example.com', '--none')).stdout).toBe(
      'roles@example.com has no roles now.\n',
    );
    expect((await clients[0]?.get('/auth/session'))?.body.user.roles).toEqual([]);
  });

  it('user password ends them all; the new password works and the old one does not', async () => {
    const { clients } = await program.person('forgot@example.com');
    const { code, stdout } = await userTyping(NEW_PASSWORD, 'password', '--email=forgot@example.com');
    expect([code, stdout]).toEqual([
      0,
      'forgot@example.com has a new password; all its sessions have ended.\n',
    ]);
    expect((await clients[0]?.get('/auth/session'))?.status).toBe(401);
    expect(await login('forgot@example.com')).toBe(401);
    expect(await login('forgot@example.com', NEW_PASSWORD)).toBe(200);
    const weak = await userTyping('short', 'password', '--email=forgot@example.com');
    expect([weak.code, weak.stderr]).toEqual([1, 'Use at least 15 characters.\n']);
  });

  it('sessions revoke ends one session or all of them', async () => {
    const { clients } = await program.person('many@example.com', { sessions: 3 });
    const [first, second, third] = clients as [CookieClient, BearerClient, BearerClient];
    const id = await program.sessionIdOf(first);
    const one = await sessions('revoke', '--email=many@example.com', `--session=${id}`);
    expect([one.code, one.stdout]).toEqual([0, `Ended session ${id} of many@example.com.\n`]);
    expect((await first.get('/auth/session')).status).toBe(401);
    expect((await second.get('/auth/session')).status).toBe(200);
    const again = await sessions('revoke', '--email=many@example.com', '--session', id);
    expect([again.code, again.stderr]).toEqual([1, 'many@example.com has no live session of that id.\n']);
    expect((await sessions('revoke', '--email=many@example.com')).stdout).toBe(
      'Ended 2 sessions of many@example.com.\n',
    );
    expect((await third.get('/auth/session')).status).toBe(401);
  });

  it('leaves its traces in the trail, without an actor', async () => {
    const { id } = await program.person('traced@example.com', { sessions: 0 });
    await user('roles', '--email=traced@example.com', '--role=b', '--role=a');
    await userTyping(NEW_PASSWORD, 'password', '--email=traced@example.com');
    await user('unlock', '--email=traced@example.com');
    await user('disable', '--email=traced@example.com');
    await user('enable', '--email=traced@example.com');
    await sessions('revoke', '--email=traced@example.com');
    const { body } = await program.admin.get(`/admin/events?userId=${id}`);
    const marked = { actorId: null, detail: { by: 'command line', operator: expect.stringMatching(/.@./) } };
    const types = body.items.map(({ type }: any) => type);
    expect(types).toEqual([
      'sessions.revoked',
      'user.enabled',
      'user.disabled',
      'user.unlocked',
      'password.changed',
      'user.roles_changed',
    ]);
    for (const event of body.items) expect(event).toMatchObject(marked);
    expect(body.items.at(-1).detail).toMatchObject({ before: [], after: ['a', 'b'] });
  });

  it('keeps the last enabled admin', async () => {
    const { code, stderr } = await user('disable', '--email=grace@example.com');
    expect([code, stderr]).toEqual([0, '']);
    for (const argv of [['disable'], ['roles', '--none']]) {
      const refused = await user(...argv, '--email=root@example.com');
      expect([refused.code, refused.stderr]).toEqual([
        1,
        'This is the last enabled admin. Make somebody else an admin first.\n',
      ]);
    }
  });
});

describe('user password and user unlock', () => {
  it('print the account with --json, like the other commands', async () => {
    await program.createUser({ email: 'machine@example.com' });
    const account = expect.objectContaining({ email: 'machine@example.com', roles: [], disabled: false });
    expect((await user('unlock', '--email=machine@example.com', '--json')).json).toEqual({ user: account });
    const { stdout } = await userTyping(NEW_PASSWORD, 'password', '--email=machine@example.com', '--json');
    expect(JSON.parse(stdout)).toEqual({ user: account });
  });
});

describe('user unlock', () => {
  it('lets an account log in again that has had too many failures', async () => {
    await program.person('clumsy@example.com', { sessions: 0 });
    for (let i = 0; i < 5; i += 1) await login('clumsy@example.com', 'a wrong password');
    expect(await login('clumsy@example.com')).toBe(429);
    const { code, stdout } = await user('unlock', '--email=clumsy@example.com');
    expect([code, stdout]).toEqual([0, 'clumsy@example.com can try to log in again.\n']);
    expect(await login('clumsy@example.com')).toBe(200);
  });

  it('lifts the stop after a hundred failures, which no waiting ends', async () => {
    await program.person('stopped@example.com', { sessions: 0 });
    await login('stopped@example.com', 'a wrong password');
    const redis = program.redis.client();
    const [failures = ''] = await redis.keys('lk:throttle:{*:failures');
    await redis.set(failures, 100, 'KEEPTTL');
    expect(await login('stopped@example.com')).toBe(429);
    expect((await user('unlock', '--email=stopped@example.com')).code).toBe(0);
    expect(await login('stopped@example.com')).toBe(200);
  });
});

describe('sessions list', () => {
  it('shows live sessions to people and to machines, and nothing that authenticates', async () => {
    const { clients } = await program.person('shown@example.com', { sessions: 2 });
    const ids = await Promise.all(clients.map((client) => program.sessionIdOf(client)));
    const { json } = await sessions('list', '--email=shown@example.com', '--json');
    expect(json.total).toBe(2);
    expect(json.items.map(({ id }: any) => id).sort()).toEqual([...ids].sort());
    const { stdout } = await sessions('list', '--email', 'shown@example.com');
    for (const id of ids) expect(stdout).toContain(`${id}  seen 2`);
    expect(stdout).not.toContain((clients[1] as BearerClient).token?.slice(3, 40));
    await program.person('absent@example.com', { sessions: 0 });
    expect((await sessions('list', '--email=absent@example.com')).stdout).toBe(
      'absent@example.com has no live session.\n',
    );
  });
});

describe('sessions inspect', () => {
  it('shows how a session lies in Redis, with the sizes of its data and none of the values', async () => {
    const { clients } = await program.person('looked-at@example.com', { displayName: 'Ada Lovelace' });
    const id = await program.sessionIdOf(clients[0] as CookieClient);
    const { json } = await sessions('inspect', '--email=looked-at@example.com', id, '--json');
    expect(json).toMatchObject({
      id,
      key: expect.stringMatching(/^lk:sess:\{[\w-]{16}\}:[\w-]{43}$/),
      state: 'live',
      header: {
        generation: expect.any(Number),
        revision: expect.any(Number),
        createdAt: expect.stringMatching(/Z$/),
      },
      meta: { transport: 'cookie', profile: 'web' },
      data: { passport: expect.any(Number), cookie: expect.any(Number) },
      findings: [],
    });
    expect(json.ttlMs).toBeGreaterThan(0);
    expect(Math.abs(Date.parse(json.indexedUntil) - Date.now() - json.ttlMs)).toBeLessThan(2_000);
    const { stdout } = await sessions('inspect', id, '--email=looked-at@example.com');
    expect(stdout).toContain('data.passport');
    expect(stdout).toMatch(/^authenticatedAt +\d{4}-\d\d-\d\dT[\d:.]+Z$/m);
    expect(stdout).toMatch(/^ttl +\d+ s$/m);
    expect(stdout).not.toMatch(/\d{13}/);
    expect(stdout).not.toContain('Lovelace');
    const unknown = await sessions('inspect', '--email=looked-at@example.com', 'no-such-session');
    expect([unknown.code, unknown.stderr]).toEqual([
      1,
      'looked-at@example.com has no live session of that id.\n',
    ]);
  });
});

describe('sessions doctor', () => {
  it('finds nothing wrong with what the program has written', async () => {
    const { code, stdout } = await sessions('doctor');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Looked at \d+ records and \d+ indexes: nothing is wrong\.\n$/),
    ]);
  });

  it('speaks of one record as of one', async () => {
    await clearSessions(redis);
    await program.person('alone@example.com');
    expect((await sessions('doctor')).stdout).toBe('Looked at 1 record and 1 index: nothing is wrong.\n');
  });

  it('tells what is wrong, and puts it right when asked', async () => {
    const { clients } = await program.person('sick@example.com', { sessions: 2 });
    const id = await program.sessionIdOf(clients[0] as CookieClient);
    const { json } = await sessions('inspect', '--email=sick@example.com', id, '--json');
    const index = String(json.key)
      .replace('sess:', 'idx:')
      .slice(0, String(json.key).lastIndexOf(':') - 1);
    await redis.persist(json.key);
    await redis.zadd(index, Date.now() + 60_000, 'x'.repeat(43));

    const found = await sessions('doctor');
    expect(found.stdout).toMatch(
      /: 2 findings\.\n1 .*\(record-without-ttl\)\n1 .*\(member-without-record\)\n$/,
    );
    expect(await redis.pttl(json.key)).toBe(-1);
    const { json: report } = await sessions('doctor', '--repair', '--json');
    expect(report).toMatchObject({
      repaired: 2,
      findings: { 'record-without-ttl': 1, 'member-without-record': 1 },
    });
    expect(await redis.pttl(json.key)).toBeGreaterThan(0);
    expect((await sessions('doctor')).stdout).toContain('nothing is wrong');
    for (const client of clients) expect((await client.get('/auth/session')).status).toBe(200);
  });
});

describe('sessions replay', () => {
  const replayed = async (...since: string[]): Promise<number> =>
    (await sessions('replay', ...since, '--json')).json.replayed;

  it('ends again what Redis has forgotten, and nothing else', async () => {
    const { clients } = await program.person('replayed@example.com', { sessions: 2 });
    const [ended, kept] = clients as [BearerClient, BearerClient];
    const before = new Map<string, Buffer>();
    for (const key of await redis.keys('lk:[si]*:{*')) before.set(key, await redis.dumpBuffer(key));
    expect((await kept.delete(`/auth/sessions/${await program.sessionIdOf(ended)}`)).status).toBe(204);
    // As after the restore of an old dump.
    for (const [key, value] of before) await redis.restore(key, 3_600_000, value, 'REPLACE');
    expect((await ended.get('/auth/session')).status).toBe(200);
    expect((await sessions('replay')).stdout).toMatch(/^Repeated \d+ revocations?\.\n$/);
    expect((await ended.get('/auth/session')).status).toBe(401);
    expect((await kept.get('/auth/session')).status).toBe(200);
  });

  it('repeats with --since what has been ended since then, and no more', async () => {
    const { clients } = await program.person('since@example.com');
    const before = await replayed('--since', '1h');
    await clients[0]?.post('/auth/logout');
    expect(await replayed('--since', '1h')).toBe(before + 1);
    expect(await replayed()).toBeGreaterThanOrEqual(before + 1);
    expect(await replayed('--since', '1ms')).toBe(0);
  });

  it('takes durations only', async () => {
    const { code, stderr } = await sessions('replay', '--since', 'yesterday');
    expect([code, stderr]).toEqual([1, expect.stringContaining('--since must be a duration such as 30m')]);
  });
});

describe('the command line itself', () => {
  it.each([
    [
      'user',
      [],
      'The first word must be one of create, disable, enable, roles, password, unlock. Usage: npm run user -- --help',
    ],
    ['user', ['disable'], '--email is missing. Usage: npm run user -- disable --email E'],
    [
      'user',
      ['roles', '--email=a@b.c'],
      'Give at least one --role, or --none. Usage: npm run user -- roles --email E (--role R… | --none)',
    ],
    ['sessions', ['doctor', '--fix'], "Unknown option '--fix'. Usage: npm run sessions -- doctor [--repair]"],
    [
      'sessions',
      ['inspect', '--email=a@b.c'],
      'ID is missing. Usage: npm run sessions -- inspect --email E ID',
    ],
  ])('%s %j is refused with its usage, before anything is opened', async (name, argv, line) => {
    const commands = name === 'user' ? USER_COMMANDS : SESSIONS_COMMANDS;
    const env = () => {
      throw new Error('the settings were read');
    };
    expect(await run({ name, commands }, argv, { env })).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `${line}\n`,
    });
  });

  it.each([
    ['disable', user],
    ['password', (...argv: string[]) => userTyping(NEW_PASSWORD, ...argv)],
    ['unlock', user],
    ['list', sessions],
    ['revoke', sessions],
  ])('%s of nobody says so', async (command, cli) => {
    const { code, stdout, stderr } = await cli(command, '--email=Nobody@example.com');
    expect([code, stdout, stderr]).toEqual([
      1,
      '',
      'There is no account with the e-mail nobody@example.com.\n',
    ]);
  });

  it('shows what would steer a terminal instead of sending it there', async () => {
    const { stderr } = await user('enable', '--email=a\u009b2J\u202eb@example.com');
    expect(stderr).toBe('There is no account with the e-mail a\\u009b2j\\u202eb@example.com.\n');
    const { code, stdout } = await userTyping(
      PASSWORD,
      'create',
      '--email=turned\u202e@example.com',
      '--json',
    );
    expect([code, JSON.parse(stdout).user.email]).toEqual([0, 'turned\u202e@example.com']);
    expect(stdout).not.toContain('\u202e');
  });

  it('shows every command and asks for no settings with --help', async () => {
    const { code, stdout, stderr } = await user('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const { name } of USER_COMMANDS) expect(stdout).toContain(`npm run user -- ${name} `);
  });

  it('says on one line which settings are wrong', async () => {
    const env = () => {
      throw new EnvError([
        { name: 'PORT', rule: 'must be a number' },
        { name: 'HOST', rule: 'must be an address' },
      ]);
    };
    const { code, stderr } = await run(
      { name: 'user', commands: USER_COMMANDS },
      ['enable', '--email=a@b.c'],
      { env },
    );
    expect([code, stderr]).toEqual([
      1,
      'The settings cannot be used: PORT: must be a number; HOST: must be an address\n',
    ]);
  });

  it('says what to do when the Redis of this directory is not running', async () => {
    const { dataDir, sessionSecrets, sessionIndexKeys } = program.env;
    const settings = {
      NODE_ENV: 'test',
      DATA_DIR: dataDir,
      SESSION_SECRETS: sessionSecrets[0],
      SESSION_INDEX_KEYS: sessionIndexKeys[0],
    };
    const env = () => parseEnv(settings);
    expect(env().redis.socket).toBe(privateRedisSocket(dataDir));
    const { code, stderr } = await run(
      { name: 'user', commands: USER_COMMANDS },
      ['enable', '--email=a@b.c'],
      { env },
    );
    expect([code, stderr]).toEqual([
      1,
      'Redis does not answer: start the program first (npm start), or set REDIS_URL.\n',
    ]);
  });
});
