import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { EnvError, parseEnv } from './env.js';
import { privateRedisSocket } from './private-redis.js';
import { LIFETIME_CEILINGS } from './production.rules.js';

const SECRET = 'V2J0x9QwZr7Lk3TnYf5Hd8Gb1Mc6Ps4a';
const INDEX_KEY = 'c9Rk2Xv7Tq4Zp1Nw8Ej5Ly3Uo6Hs0Bg-';
const SECRETS = { SESSION_SECRETS: SECRET, SESSION_INDEX_KEYS: INDEX_KEY };
const MIGRATE = { MIGRATE_FROM: 'connect-redis', MIGRATE_SECRETS: 'keyboard cat' };
const PRODUCTION = {
  NODE_ENV: 'production',
  DATABASE_URL: 'postgres://latchkey@db/latchkey',
  REDIS_URL: 'rediss://redis:6379',
  PUBLIC_URL: 'https://app.example.com',
  ...SECRETS,
};

/** Which variables are refused, in the order of the message. */
function refused(source: Record<string, string>): string[] {
  try {
    parseEnv(source);
  } catch (error) {
    if (error instanceof EnvError) return error.problems.map(({ name }) => name);
    throw error;
  }
  return [];
}

describe('parseEnv', () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), 'latchkey-env-'));
  });
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('runs a development machine without a single variable but the directory of its data', () => {
    const env = parseEnv({ DATA_DIR: dataDir });
    expect(env).toMatchObject({
      nodeEnv: 'development',
      host: '127.0.0.1',
      port: 3000,
      portIsDefault: true,
      publicUrl: undefined,
      redis: { topology: 'single', socket: privateRedisSocket(dataDir), tls: undefined },
      databaseUrl: `sqlite:${join(dataDir, 'latchkey.db')}`,
      lifetimes: {
        web: { idleTimeoutMs: 1_800_000, absoluteTimeoutMs: 43_200_000 },
        bearer: { idleTimeoutMs: 1_209_600_000, absoluteTimeoutMs: 2_592_000_000 },
        admin: { idleTimeoutMs: 900_000, absoluteTimeoutMs: 28_800_000 },
      },
      registration: 'open',
      passwordMinLength: 15,
      passwordContextWords: ['latchkey'],
      passwordBreachUrl: undefined,
      threadPoolSize: 4,
      cookie: { name: 'sid', secure: false },
      console: true,
      docs: true,
    });
    expect(Object.isFrozen(env.lifetimes.web)).toBe(true);
  });

  it('makes the secrets of a development machine once, readable by its owner alone', () => {
    const directory = join(dataDir, 'new');
    const first = parseEnv({ DATA_DIR: directory });
    const second = parseEnv({ DATA_DIR: directory });
    expect(first.sessionSecrets[0]).toMatch(/^[\w-]{43}$/);
    expect(first.sessionIndexKeys).not.toEqual(first.sessionSecrets);
    expect(second.sessionSecrets).toEqual(first.sessionSecrets);
    expect(second.sessionIndexKeys).toEqual(first.sessionIndexKeys);
    expect(statSync(join(directory, 'secrets.json')).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
  });

  it('says what to do about a secrets file it cannot read, without quoting it', () => {
    writeFileSync(join(dataDir, 'secrets.json'), 'half a sec');
    expect(() => parseEnv({ DATA_DIR: dataDir })).toThrow(/secrets\.json cannot be understood\. Delete it/);
    expect(readFileSync(join(dataDir, 'secrets.json'), 'utf8')).toBe('half a sec');
  });

  it('touches no file when the secrets are given', () => {
    const directory = join(dataDir, 'absent');
    parseEnv({ ...SECRETS, DATA_DIR: directory });
    expect(() => statSync(directory)).toThrow();
  });

  it('takes production only with everything written out', () => {
    expect(parseEnv(PRODUCTION)).toMatchObject({
      production: true,
      host: '0.0.0.0',
      registration: 'closed',
      console: false,
      docs: false,
      cookie: { name: '__Host-sid', secure: true },
    });
    expect(refused({ NODE_ENV: 'production' })).toEqual([
      'DATABASE_URL',
      'REDIS_URL',
      'SESSION_SECRETS',
      'SESSION_INDEX_KEYS',
      'PUBLIC_URL',
    ]);
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['an example secret', { SESSION_SECRETS: `${SECRET},example-${SECRET}` }, ['SESSION_SECRETS']],
    ['an example index key', { SESSION_INDEX_KEYS: `example-${SECRET}` }, ['SESSION_INDEX_KEYS']],
    ['an example of another file', { SESSION_SECRETS: `Change-me-${SECRET}` }, ['SESSION_SECRETS']],
    ['a secret of one character', { SESSION_SECRETS: `${SECRET},${'x'.repeat(64)}` }, ['SESSION_SECRETS']],
    ['an index key of one word', { SESSION_INDEX_KEYS: 'latchkey'.repeat(8) }, ['SESSION_INDEX_KEYS']],
    ['the example of an old secret', { ...MIGRATE, MIGRATE_SECRETS: 'example-x' }, ['MIGRATE_SECRETS']],
    ['a weak old secret', MIGRATE, []],
    ['an example database password', { DATABASE_URL: 'postgres://a:example0@db/a' }, ['DATABASE_URL']],
    ['an example Redis password', { REDIS_URL: 'rediss://user:password@redis' }, ['REDIS_URL']],
    ['a web session of two days', { SESSION_WEB_ABSOLUTE: '48h' }, ['SESSION_WEB_ABSOLUTE']],
    ['an idle web session of two hours', { SESSION_WEB_IDLE: '2h' }, ['SESSION_WEB_IDLE']],
    ['a bearer session of a year', { SESSION_BEARER_ABSOLUTE: '365d' }, ['SESSION_BEARER_ABSOLUTE']],
    ['an admin session of a day', { SESSION_ADMIN_ABSOLUTE: '1d' }, ['SESSION_ADMIN_ABSOLUTE']],
    ['an idle admin session of an hour', { SESSION_ADMIN_IDLE: '1h' }, ['SESSION_ADMIN_IDLE']],
    ['the longest lifetimes', { ...LIFETIME_CEILINGS }, []],
    ['clear text', { PUBLIC_URL: 'http://app.example.com' }, ['PUBLIC_URL']],
    ['a clear text front end', { ALLOWED_ORIGINS: 'http://app.example.com' }, ['ALLOWED_ORIGINS']],
    ['clear text on loopback', { PUBLIC_URL: 'http://localhost:8080' }, []],
    ['cheap hashes', { ARGON2_MEMORY_KIB: '4096' }, ['ARGON2_MEMORY_KIB']],
    ['less memory with more passes', { ARGON2_MEMORY_KIB: '7168', ARGON2_TIME: '5' }, []],
  ])('in production, %s', (_, settings, names) => {
    expect(refused({ ...PRODUCTION, ...settings })).toEqual(names);
  });

  const SMTP = { SMTP_URL: 'smtps://latchkey:s3cret@mail.example.com', MAIL_FROM: 'a@example.com' };
  it.each<[string, Record<string, string>, string[]]>([
    ['nothing to send mails with', {}, ['SMTP_URL', 'MAIL_FROM']],
    ['a mail server', SMTP, []],
    ['a mail server and no sender', { ...SMTP, MAIL_FROM: '' }, ['MAIL_FROM']],
    ['a page of another site', { ...SMTP, CONFIRM_URL: 'https://evil.example/confirm' }, ['CONFIRM_URL']],
    [
      'a page of a known front end',
      {
        ...SMTP,
        CONFIRM_URL: 'https://shop.example.com/confirm?lang=en',
        ALLOWED_ORIGINS: 'https://shop.example.com',
      },
      [],
    ],
    [
      'a page with a fragment',
      { ...SMTP, CONFIRM_URL: 'https://app.example.com/#/confirm' },
      ['CONFIRM_URL'],
    ],
    ['a page that is a script', { ...SMTP, CONFIRM_URL: 'javascript:alert(1)' }, ['CONFIRM_URL']],
    ['a mail server of another kind', { ...SMTP, SMTP_URL: 'http://mail.example.com' }, ['SMTP_URL']],
    ['a mail server with a path', { ...SMTP, SMTP_URL: 'smtp://mail.example.com/x' }, ['SMTP_URL']],
    [
      'a mail server with options',
      { ...SMTP, SMTP_URL: 'smtp://mail.example.com?logger=true' },
      ['SMTP_URL'],
    ],
    ['a mail server with half a login', { ...SMTP, SMTP_URL: 'smtp://user@mail.example.com' }, ['SMTP_URL']],
    ['a sender that is none', { ...SMTP, MAIL_FROM: 'accounts' }, ['MAIL_FROM']],
    ['two senders', { ...SMTP, MAIL_FROM: 'a@example.com, b@example.com' }, ['MAIL_FROM']],
    ['a sender with a line break', { ...SMTP, MAIL_FROM: 'A\nBcc: <a@example.com>' }, ['MAIL_FROM']],
    ['a sender with a name', { ...SMTP, MAIL_FROM: 'Example accounts <a@example.com>' }, []],
  ])('registration that is confirmed, in production, with %s', (_, settings, names) => {
    expect(refused({ ...PRODUCTION, REGISTRATION: 'confirm', ...settings })).toEqual(names);
  });

  it('talks to mail servers under TLS, except on this machine', () => {
    const smtp = (SMTP_URL: string, settings: Record<string, string> = PRODUCTION) =>
      parseEnv({ ...settings, DATA_DIR: dataDir, SMTP_URL }).mail.smtp;
    expect(smtp('smtps://user:p%40ss%3Aw@mail.example.com')).toEqual({
      host: 'mail.example.com',
      port: 465,
      tls: 'implicit',
      user: 'user',
      password: 'p@ss:w',
    });
    expect(smtp('smtp://mail.example.com')).toMatchObject({ port: 587, tls: 'required', user: undefined });
    expect(smtp('smtp://mail.example.com:2525', {})).toMatchObject({ port: 2525, tls: 'offered' });
    expect(smtp('smtp://127.0.0.1:25')).toMatchObject({ tls: 'none' });
    expect(smtp('smtp://[::1]:25')).toMatchObject({ host: '::1', tls: 'none' });
  });

  it('needs no mail server while registrations are not confirmed, and none in development', () => {
    expect(refused({ ...PRODUCTION, REGISTRATION: 'open' })).toEqual([]);
    const { registration, mail } = parseEnv({ DATA_DIR: dataDir, REGISTRATION: 'confirm', PORT: '4000' });
    expect([registration, mail.smtp, mail.confirmUrl]).toEqual([
      'confirm',
      undefined,
      'http://127.0.0.1:4000/console/confirm',
    ]);
    expect(parseEnv({ ...PRODUCTION, DATA_DIR: dataDir }).mail.confirmUrl).toBe(
      'https://app.example.com/confirm',
    );
    expect(parseEnv({ ...PRODUCTION, CONSOLE: 'on', DATA_DIR: dataDir }).mail.confirmUrl).toBe(
      'https://app.example.com/console/confirm',
    );
  });

  it.each<[string, Record<string, string>, string[]]>([
    ['a short secret', { SESSION_SECRETS: 'short' }, ['SESSION_SECRETS']],
    ['a secret twice', { SESSION_SECRETS: `${SECRET},${SECRET}` }, ['SESSION_SECRETS']],
    ['no secret at all', { SESSION_SECRETS: ',' }, ['SESSION_SECRETS']],
    ['a secret that is an index key', { SESSION_SECRETS: INDEX_KEY }, ['SESSION_INDEX_KEYS']],
    ['idle longer than absolute', { SESSION_WEB_IDLE: '13h' }, ['SESSION_WEB_IDLE']],
    ['an absolute timeout of zero', { SESSION_ADMIN_ABSOLUTE: '0s' }, ['SESSION_ADMIN_ABSOLUTE']],
    ['a duration without a unit', { REAUTH_WINDOW: '900' }, ['REAUTH_WINDOW']],
    ['a limit of zero', { SESSION_LIMIT: '0' }, ['SESSION_LIMIT']],
    ['a limit over 100', { SESSION_LIMIT: '101' }, ['SESSION_LIMIT']],
    ['an unknown policy', { SESSION_LIMIT_POLICY: 'evict' }, ['SESSION_LIMIT_POLICY']],
    ['touches that come too late', { TOUCH_INTERVAL: '91s' }, ['TOUCH_INTERVAL']],
    ['touches in time', { TOUCH_INTERVAL: '90s' }, []],
    ['context words', { PASSWORD_CONTEXT_WORDS: 'acme, Acme Rockets' }, []],
    [
      'a context word that is in every sentence',
      { PASSWORD_CONTEXT_WORDS: 'acme,is' },
      ['PASSWORD_CONTEXT_WORDS'],
    ],
    [
      'breached passwords asked for in the open',
      { PASSWORD_BREACH_URL: 'http://ranges.example.com' },
      ['PASSWORD_BREACH_URL'],
    ],
    [
      'breached passwords asked for on this machine',
      { PASSWORD_BREACH_URL: 'http://127.0.0.1:8080/copy' },
      [],
    ],
    [
      'breached passwords asked for with a query',
      { PASSWORD_BREACH_URL: 'https://ranges.example.com?mode=ntlm' },
      ['PASSWORD_BREACH_URL'],
    ],
    ['more threads than libuv has', { UV_THREADPOOL_SIZE: '1025' }, ['UV_THREADPOOL_SIZE']],
    ['any origin', { ALLOWED_ORIGINS: '*' }, ['ALLOWED_ORIGINS']],
    ['any subdomain', { ALLOWED_ORIGINS: 'https://*.example.com' }, ['ALLOWED_ORIGINS']],
    ['the null origin', { ALLOWED_ORIGINS: 'null' }, ['ALLOWED_ORIGINS']],
    ['an origin with a path', { ALLOWED_ORIGINS: 'https://a.example.com/app' }, ['ALLOWED_ORIGINS']],
    ['a public URL with a path', { PUBLIC_URL: 'https://a.example.com/app' }, ['PUBLIC_URL']],
    ['a proxy by name', { TRUSTED_PROXIES: 'loopback' }, ['TRUSTED_PROXIES']],
    ['everybody as a proxy', { TRUSTED_PROXIES: '0.0.0.0/0' }, ['TRUSTED_PROXIES']],
    ['proxies and networks', { TRUSTED_PROXIES: '127.0.0.1, 10.0.0.0/8,fd00::/8' }, []],
    ['another scheme for Redis', { REDIS_URL: 'http://redis:6379' }, ['REDIS_URL']],
    ['TLS for Redis, with a CA', { REDIS_URL: 'rediss://redis', REDIS_TLS_CA: 'ca.pem' }, []],
    ['a CA without TLS', { REDIS_URL: 'redis://redis', REDIS_TLS_CA: 'ca.pem' }, ['REDIS_TLS_CA']],
    [
      'a client certificate without its key',
      { REDIS_URL: 'rediss+cluster://redis', REDIS_TLS_CERT: 'client.pem' },
      ['REDIS_TLS_KEY'],
    ],
    [
      'a key without its certificate',
      { REDIS_URL: 'rediss://redis', REDIS_TLS_KEY: 'client.key' },
      ['REDIS_TLS_CERT'],
    ],
    [
      'a password of sentinels where there are none',
      { REDIS_URL: 'redis://redis', REDIS_SENTINEL_PASSWORD: 'secret' },
      ['REDIS_SENTINEL_PASSWORD'],
    ],
    [
      'a password of sentinels',
      { REDIS_URL: 'redis+sentinel://a,b/primary', REDIS_SENTINEL_PASSWORD: 'secret' },
      [],
    ],
    ['another database', { DATABASE_URL: 'mysql://db/latchkey' }, ['DATABASE_URL']],
    ['a port that is none', { PORT: '65536' }, ['PORT']],
    ['metrics on the main port', { PORT: '4000', METRICS_PORT: '4000' }, ['METRICS_PORT']],
    ['a takeover without secrets', { MIGRATE_FROM: 'connect-redis' }, ['MIGRATE_SECRETS']],
    ['a takeover from something unknown', { MIGRATE_FROM: 'memory' }, ['MIGRATE_FROM']],
    ['a takeover of its own cookie', { ...MIGRATE, MIGRATE_COOKIE: 'sid' }, ['MIGRATE_COOKIE']],
    ['a takeover of what is no cookie', { ...MIGRATE, MIGRATE_COOKIE: 'a b' }, ['MIGRATE_COOKIE']],
    [
      'the rest of a takeover that is switched off',
      { MIGRATE_SECRETS: 'keyboard cat', MIGRATE_COOKIE: 'sid' },
      [],
    ],
    ['an unknown NODE_ENV', { NODE_ENV: 'staging' }, ['NODE_ENV']],
    ['an open address, not asked for', { HOST: '0.0.0.0' }, ['HOST']],
    ['an open address, asked for', { HOST: '0.0.0.0', NODE_ENV: 'development' }, []],
    ['a prefix that breaks hash slots', { SESSION_PREFIX: 'a{b}' }, ['SESSION_PREFIX']],
  ])('judges %s', (_, settings, names) => {
    expect(refused({ ...SECRETS, DATA_DIR: dataDir, ...settings })).toEqual(names);
  });

  it('reports every problem at once, by name and rule and never by value', () => {
    const source = {
      SESSION_SECRETS: 'hunter2',
      REDIS_URL: 'redis-of-hunter2',
      PORT: 'x',
      SESSION_WEB_IDLE: '13h',
    };
    expect(() => parseEnv({ ...source, DATA_DIR: dataDir })).toThrow(
      [
        'The settings cannot be used:',
        '  PORT: must be a whole number from 0 to 65535',
        '  REDIS_URL: must be redis://host:port, redis+sentinel://host:port,host:port/name, ' +
          'redis+cluster://host:port,host:port (rediss for TLS) or unix:/path/to/socket',
        '  SESSION_SECRETS: every secret must have at least 32 characters',
        '  SESSION_WEB_IDLE: must not be longer than SESSION_WEB_ABSOLUTE',
      ].join('\n'),
    );
  });

  it('takes over from connect-redis as it is set up by default, when asked to', () => {
    expect(parseEnv({ ...SECRETS, ...MIGRATE }).takeover).toEqual({
      from: 'connect-redis',
      cookieName: 'connect.sid',
      prefix: 'sess:',
      secrets: ['keyboard cat'],
    });
    expect(parseEnv(SECRETS).takeover).toBeUndefined();
  });

  it('counts an empty variable as unset', () => {
    expect(parseEnv({ ...SECRETS, PORT: '', REDIS_URL: ' ', DATA_DIR: dataDir })).toMatchObject({
      port: 3000,
      portIsDefault: true,
    });
  });

  it('touches no later than a tenth of the shortest idle timeout when no interval is set', () => {
    expect(parseEnv({ ...SECRETS, SESSION_ADMIN_IDLE: '10s' }).touchIntervalMs).toBe(1_000);
    expect(parseEnv(SECRETS).touchIntervalMs).toBe(60_000);
  });

  it('sets the Secure cookie whenever the public address is https', () => {
    expect(parseEnv({ ...SECRETS, PUBLIC_URL: 'https://localhost:3000/' })).toMatchObject({
      publicUrl: 'https://localhost:3000',
      cookie: { name: '__Host-sid', secure: true },
    });
  });

  it('normalises origins, so that they compare with what a browser sends', () => {
    expect(
      parseEnv({ ...SECRETS, ALLOWED_ORIGINS: 'https://App.Example.com:443, http://a.test:8080/' })
        .allowedOrigins,
    ).toEqual(['https://app.example.com', 'http://a.test:8080']);
  });
});

describe('privateRedisSocket', () => {
  it('lies in the data directory, or in the temp directory when the path is too long for a socket', () => {
    expect(privateRedisSocket('/srv/latchkey/.data')).toBe('/srv/latchkey/.data/redis/redis.sock');
    const long = privateRedisSocket(`/${'d'.repeat(90)}`);
    expect(long).toMatch(/latchkey-[0-9a-f]{12}\/redis\.sock$/);
    expect(privateRedisSocket(`/${'d'.repeat(90)}`)).toBe(long);
  });
});
