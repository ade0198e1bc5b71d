import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { FIRST_ADMIN_EMAIL } from '../src/first-admin.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';
import { compiledSources } from './support/compiled-sources.js';
import { startProgram, type RunningProgram } from './support/program.js';
import { rawRequest, sendRaw } from './support/raw-http.js';
import type { TestMonitor } from './support/redis-monitor.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { dumpRedis, readSlowlog, SecretSearch } from './support/secret-search.js';

jest.setTimeout(120_000);

const random = () => randomBytes(24).toString('base64url');
/** Something that is written wherever the program writes, so that a search which finds nothing means something. */
const PLANTED = `planted-${random()}`;

describe('a secret', () => {
  let redis: TestRedis;
  let program: RunningProgram;
  let settings: Record<string, string>;
  let url: string;
  const search = new SecretSearch();
  const control = new SecretSearch();
  /** Every answer without the places that hand a credential over. */
  const answers: string[] = [];
  const commands: string[] = [];
  let monitor: TestMonitor;

  /** Reads an answer and learns the credentials in it; what is left of it must hold none. */
  const note = (answer: Answer): Answer => {
    const { token, deviceToken, ...rest } = (answer.body ?? {}) as Record<string, unknown>;
    if (typeof token === 'string') learnBearer(token);
    if (typeof deviceToken === 'string') learnDevice(deviceToken);
    for (const cookie of answer.headers.getSetCookie()) learnCookie(cookie);
    const headers = [...answer.headers].filter(([name]) => name !== 'set-cookie');
    answers.push(JSON.stringify([headers, answer.body === undefined ? answer.text : rest]));
    return answer;
  };
  let learned = 0;
  const named = (what: string): string => `${what} ${(learned += 1)}`;
  const learnBearer = (token: string): void => {
    const [, session = '', signature = ''] = /^lk_(.+)\.([^.]+)$/.exec(token) ?? [];
    search.add(named('random part of a bearer session'), session.split('.').at(-1));
    search.add(named('signature of a bearer token'), signature);
  };
  const learnDevice = (token: string): void =>
    search.add(named('signature of a device'), token.split('.').at(-1));
  const learnCookie = (header: string): void => {
    const [, name, value = ''] = /^([^=]+)=([^;]*)/.exec(header) ?? [];
    const text = decodeURIComponent(value);
    if (text === '') return;
    if (name?.endsWith('did')) return learnDevice(text);
    const [, session = '', signature = ''] = /^s:(.+)\.([^.]+)$/.exec(decodeURIComponent(text)) ?? [];
    search.add(named('random part of a cookie session'), session.split('.').at(-1));
    search.add(named('signature of a cookie'), signature);
  };
  const password = (what: string): string => {
    const value = `${what} ${random()} on a roof`;
    search.add(named(`password: ${what}`), value);
    return value;
  };
  /** A credential that a client makes up, or that somebody else's program made. */
  const foreign = (what: string): string => {
    const value = random();
    search.add(named(what), value);
    return value;
  };

  beforeAll(async () => {
    redis = await startRedis(['--slowlog-log-slower-than', '0', '--slowlog-max-len', '1000000']);
    monitor = await redis.monitor();
    monitor.on('monitor', (_time, args) => commands.push(JSON.stringify(args)));
    settings = {
      NODE_ENV: 'development',
      ...redis.settings,
      LOG_LEVEL: 'trace',
      SESSION_SECRETS: `${foreign('session secret')}-${random()},${foreign('older secret')}-${random()}`,
      SESSION_INDEX_KEYS: `${foreign('index key')}-${random()}`,
    };
    program = await startProgram({ ...settings, PORT: '0' });
    url = (await program.line(/Latchkey\s+(http:\S+)/))[1] as string;
    control.add('planted', PLANTED);
    await drive();
  });
  afterAll(async () => {
    monitor.disconnect();
    await program.dispose();
    await redis.stop();
  });

  /** Every route, with every kind of credential, right and wrong; and the ways in which they fail. */
  async function drive(): Promise<void> {
    const [first, second] = [password('first'), password('second')];
    const email = 'ann@example.com';
    const id = { headers: { 'x-request-id': PLANTED.slice(0, 64) } };
    const browser = new CookieClient(url);
    const say = async (answer: Promise<Answer>): Promise<Answer> => note(await answer);
    const succeed = async (answer: Promise<Answer>): Promise<{ token?: string; [member: string]: any }> => {
      const { status, body } = await say(answer);
      expect(Math.floor(status / 100)).toBe(2);
      return body;
    };

    const displayName = PLANTED;
    const { body } = await say(browser.post('/auth/register', { email, password: first, displayName }, id));
    const userId = body.user.id as string;
    await say(browser.post('/auth/register', { email, password: password('of a second registration') }));
    await say(browser.post('/auth/register', { email: 'x@example.com', password: 'short' }));
    await say(browser.post('/auth/register', { email: 'no e-mail', password: password('malformed') }));
    for (const wrong of [email, 'nobody@example.com'])
      await say(new CookieClient(url).post('/auth/login', { email: wrong, password: password('wrong') }, id));
    await say(browser.post('/auth/login', { email, password: { nested: password('nested') } }));
    const overlong = password('over-long').repeat(30);
    await say(browser.post('/auth/login', { email: 'nobody@example.com', password: overlong }));
    await succeed(browser.post('/auth/login', { email, password: first }));

    const app = new BearerClient(url);
    const { deviceToken } = (note(await app.login({ email, password: first })).body ?? {}) as {
      deviceToken?: string;
    };
    const known = { email, password: first, transport: 'bearer', deviceToken };
    app.token = (await succeed(app.post('/auth/login', known))).token;
    for (const client of [browser, app]) {
      for (const path of [
        '/auth/session',
        '/auth/sessions',
        '/auth/verify',
        `/auth/nothing/${foreign('path')}`,
      ])
        await say(client.get(path));
      await say(client.post('/auth/reauthenticate', { password: password('wrong again') }));
      const again = await succeed(client.post('/auth/reauthenticate', { password: first }));
      if (client === app) app.token = again.token;
    }
    const change = { currentPassword: first, newPassword: second };
    app.token = (await succeed(app.put('/auth/password', change))).token;
    await say(app.put('/auth/password', { currentPassword: password('w'), newPassword: password('unused') }));
    await say(app.put('/auth/password', { currentPassword: second, newPassword: 'short' }));
    await say(app.get(`/auth/session?token=${foreign('query')}`));
    await say(app.delete(`/auth/sessions/${foreign('not a session')}`));
    await say(app.delete('/auth/sessions'));

    const admin = new BearerClient(url);
    const adminPassword = readFileSync(join(program.dataDir, 'admin-password'), 'utf8').trim();
    search.add('first password of the admin', adminPassword);
    note(await admin.login({ email: FIRST_ADMIN_EMAIL, password: adminPassword }));
    for (const path of ['users', `users/${userId}`, `users/${userId}/sessions`, 'events?limit=100', 'stats'])
      await say(admin.get(`/admin/${path}`));
    await say(admin.patch(`/admin/users/${userId}`, { roles: ['clerk'] }));
    await say(admin.delete(`/admin/users/${userId}/sessions`));
    await say(admin.delete('/admin/sessions'));
    await say(admin.patch(`/admin/users/${userId}`, { disabled: true }));
    for (const path of ['/metrics', '/docs-json', '/health/ready']) await say(admin.get(path));

    await malformed(first);
    await say(browser.post('/auth/logout'));
    await say(admin.patch(`/admin/users/${userId}`, { disabled: false }));
    await say(admin.post('/auth/logout'));
    await succeed(app.login({ email, password: second }));
    await failing(email, second, app);
    await commandLine(email);
  }

  /** Credentials that are none, where they belong and where they do not. */
  async function malformed(known: string): Promise<void> {
    const json = { 'Content-Type': 'application/json' };
    const requests = [
      rawRequest('GET', '/auth/session', { Cookie: `sid=s%3A${foreign('cookie')}.${foreign('mac')}` }),
      rawRequest('GET', '/auth/session', { Authorization: `Bearer ${foreign('bearer')}` }),
      rawRequest('GET', '/auth/session', { Authorization: `Bearer lk_${foreign('x')}.${foreign('y')}` }),
      rawRequest('GET', '/auth/session', { Authorization: `Basic ${foreign('basic')}` }),
      rawRequest('GET', '/auth/session', { Cookie: 'sid=a', Authorization: `Bearer ${foreign('both')}` }),
      rawRequest('POST', '/auth/login', json, `{"password":"${known}"`),
      rawRequest('POST', '/auth/login', { 'Content-Type': 'text/plain' }, `{"password":"${known}"}`),
      rawRequest('POST', '/auth/login', json, `["${known}"]`),
      rawRequest(
        'POST',
        '/auth/login',
        { ...json, Origin: 'https://evil.example' },
        `{"password":"${known}"}`,
      ),
      `GET /auth/session HTTP/1.1\r\nHost: a\r\nX\0: ${foreign('not HTTP')}\r\n\r\n`,
      rawRequest('GET', '/auth/session', { 'X-Long': foreign('long').repeat(800) }),
    ];
    for (const request of requests) {
      const { headers, body } = await sendRaw(url, request);
      answers.push(JSON.stringify([[...headers], body]));
    }
  }

  /** The stores fail while secrets are under way: their errors carry what was sent to them. */
  async function failing(email: string, correct: string, ann: BearerClient): Promise<void> {
    const admin = redis.client();
    await admin.call('ACL', 'SETUSER', 'default', '-evalsha', '-eval', '-mget', '-get');
    const failed = [
      note(await new CookieClient(url).post('/auth/login', { email, password: correct })),
      note(await ann.get('/auth/session')),
    ];
    expect(failed.map(({ status }) => status)).toEqual([503, 503]);
    await admin.call('ACL', 'SETUSER', 'default', '+@all');
  }

  /** What the command line prints while it is given a password, good or bad. */
  async function commandLine(email: string): Promise<void> {
    const script = join(await compiledSources(), 'src', 'cli', 'user.js');
    for (const typed of [password('of the command line'), 'short-secret']) {
      const { stdout, stderr } = spawnSync(
        process.execPath,
        [script, 'password', `--email=${email}`, '--password-stdin'],
        {
          input: typed,
          encoding: 'utf8',
          env: { PATH: process.env['PATH'], ...settings, DATA_DIR: program.dataDir },
        },
      );
      expect(stdout + stderr).not.toBe('');
      answers.push(stdout, stderr);
    }
    search.add('weak password', 'short-secret');
  }

  const log = () => program.output.join('\n');
  const database = () =>
    readdirSync(program.dataDir)
      .filter((file) => file.startsWith('latchkey.db'))
      .map((file) => readFileSync(join(program.dataDir, file), 'latin1'))
      .join('\n');

  it('is learned by the test in every kind', () => {
    expect(search.kinds).toEqual(
      expect.arrayContaining([
        'session secret',
        'index key',
        'random part of a cookie session',
        'random part of a bearer session',
        'signature of a cookie',
        'signature of a bearer token',
        'signature of a device',
        'password: first',
        'password: wrong',
      ]),
    );
    expect(answers.length).toBeGreaterThan(50);
  });

  it('is not in the log at the level of traces', () => {
    expect(control.in(log())).toEqual(['planted']);
    expect(search.in(log())).toEqual([]);
  });

  it('is in no answer but the one that hands it over', () => {
    expect(control.in(answers.join('\n'))).toEqual(['planted']);
    expect(search.in(answers.join('\n'))).toEqual([]);
  });

  it('is not in the database, not in its files either', () => {
    expect(control.in(database())).toEqual(['planted']);
    expect(search.in(database())).toEqual([]);
  });

  it('is not in Redis, not in its slow log and in no command that it was sent', async () => {
    const client = redis.client();
    await client.set('control', PLANTED);
    const [dump, slow] = [await dumpRedis(client), await readSlowlog(client)];
    expect(slow.entries).toBeGreaterThan(100);
    for (const text of [dump, slow.text, commands.join('\n')]) {
      expect(control.in(text)).toEqual(['planted']);
      expect(search.in(text)).toEqual([]);
    }
  });
});
