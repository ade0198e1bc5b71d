import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { readdir, readFile, stat } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { Database } from '../src/database/index.js';
import { UsersService } from '../src/users/index.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, type Answer } from './support/clients.js';
import { startMailServer, type DeliveredMail, type TestMailServer } from './support/mail-server.js';
import { freePorts } from './support/redis-process.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';

const ORIGIN = 'https://app.example.com';

/** The token in the link of a mail. */
function tokenIn(text: string): string {
  const [, token] = /^https:\/\/app\.example\.com\/welcome#token=(\S+)\r?$/m.exec(text) ?? [];
  if (token === undefined) throw new Error(`no link in: ${text}`);
  return token;
}

function visible({ status, headers, text }: Answer): unknown {
  const shown = Object.fromEntries([...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)));
  return { status, headers: shown, text };
}

describe('the program with REGISTRATION=confirm', () => {
  let redis: TestRedis;
  let mailServer: TestMailServer;
  let app: TestApp;

  beforeAll(async () => {
    redis = await startRedis(programMayOnly());
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.client().flushall();
    const [port] = (await freePorts(1)) as [number];
    mailServer = await startMailServer({}, port);
    app = await start();
  });
  afterEach(async () => {
    await app.close();
    await mailServer.stop();
  });

  const start = (settings: Record<string, string> = {}) =>
    startApp({
      redis,
      env: {
        REGISTRATION: 'confirm',
        SMTP_URL: `smtp://127.0.0.1:${mailServer.port}`,
        MAIL_FROM: 'Example <accounts@example.com>',
        CONFIRM_URL: `${ORIGIN}/welcome`,
        ALLOWED_ORIGINS: ORIGIN,
        LOG_LEVEL: 'info',
        ...settings,
      },
    });
  const page = () => new CookieClient(app.url, { origin: ORIGIN });
  const register = (email: string, client = page()) =>
    client.post('/auth/register', { email, password: PASSWORD });
  const logged = (level: string, part: string) =>
    app.log.filter((line) => line['level'] === level && String(line['msg']).includes(part));
  const until = async (what: () => boolean): Promise<void> => {
    const deadline = Date.now() + 15_000;
    while (!what()) {
      if (Date.now() > deadline) throw new Error(`did not happen: ${String(what)}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  it('lets a page of the front end make the account with what the mail brings', async () => {
    const client = page();
    expect((await register('ada@example.com', client)).status).toBe(202);
    expect(await client.cookie()).toBeUndefined();
    const mail: DeliveredMail = await mailServer.next();
    expect(mail.recipients).toEqual(['ada@example.com']);
    const token = tokenIn(mail.text);
    const answer = await client.post('/auth/register/confirm', { token });
    expect([answer.status, answer.body.user.email]).toEqual([201, 'ada@example.com']);
    expect((await client.get('/auth/session')).status).toBe(200);
    expect((await client.post('/auth/register/confirm', { token })).body.code).toBe('INVALID_TOKEN');
    expect((await page().post('/auth/login', { email: 'ada@example.com', password: PASSWORD })).status).toBe(
      200,
    );
    expect(JSON.stringify(app.log)).not.toContain(token.slice(23));
  });

  it('answers with the same bytes for a taken e-mail, and mails its owner', async () => {
    await app.createUser({ email: 'ada@example.com' });
    const free = await register('bob@example.com');
    const taken = await register('ADA@example.com');
    expect(visible(taken)).toEqual(visible(free));
    expect(visible(taken)).toMatchObject({ status: 202, text: '' });
    const mails = [await mailServer.next(), await mailServer.next()];
    const toOwner = mails.find(({ recipients }) => recipients[0] === 'ada@example.com');
    expect(toOwner?.header('Subject')).toBe('You already have an account at app.example.com');
  });

  it('keeps no token and no password, only what they are recognised by', async () => {
    await register('ada@example.com');
    const token = tokenIn((await mailServer.next()).text);
    const database = app.app.get(Database, { strict: false });
    const rows = await database.kysely.selectFrom('one_time_tokens').selectAll().execute();
    expect(rows).toHaveLength(1);
    const stored = JSON.stringify(rows);
    expect(stored).not.toContain(token.split('.')[1]);
    expect(stored).not.toContain(PASSWORD);
    expect(JSON.parse(rows[0]?.payload ?? '')).toMatchObject({
      passwordHash: expect.stringMatching(/^\$argon2id\$/),
    });
  });

  it('refuses a confirmation from another site, or of another type, and the token lives on', async () => {
    await register('ada@example.com');
    const token = tokenIn((await mailServer.next()).text);
    const evil = new CookieClient(app.url, { origin: 'https://evil.example' });
    expect((await evil.post('/auth/register/confirm', { token })).body.code).toBe('CROSS_SITE_REQUEST');
    for (const type of ['text/plain', 'application/x-www-form-urlencoded']) {
      const answer = await page().post(
        '/auth/register/confirm',
        { token },
        { headers: { 'content-type': type } },
      );
      expect([answer.status, answer.body.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE']);
    }
    const mobile = new BearerClient(app.url);
    const answer = await mobile.post('/auth/register/confirm', { token, transport: 'bearer' });
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([201, []]);
  });

  it('answers as ever while the mail server is away, and sends the mail when it is back', async () => {
    const { port } = mailServer;
    await mailServer.stop();
    expect((await register('ada@example.com')).status).toBe(202);
    await until(() => logged('warn', 'a mail (registration) waits 2 s for its next try').length === 1);
    mailServer = await startMailServer({}, port);
    const mail = await mailServer.next();
    expect(mail.recipients).toEqual(['ada@example.com']);
    expect(JSON.stringify(logged('warn', 'a mail'))).not.toContain('ada@example.com');
  });

  it('answers as ever while the mail server hangs, and ends all the same', async () => {
    const sockets: Socket[] = [];
    const silent: Server = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    try {
      await app.close();
      app = await start({ SMTP_URL: `smtp://127.0.0.1:${(silent.address() as AddressInfo).port}` });
      expect((await register('ada@example.com')).status).toBe(202);
      await until(() => sockets.length === 1);
      expect((await register('bob@example.com')).status).toBe(202);
      const beganMs = performance.now();
      await app.close();
      expect(performance.now() - beganMs).toBeLessThan(9_000);
      expect(logged('error', '2 mails are lost: the program ends')).toHaveLength(1);
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  it('writes mails to private files without a mail server, in development', async () => {
    await app.close();
    app = await start({ SMTP_URL: '' });
    expect((await register('ada@example.com')).status).toBe(202);
    await until(() => logged('info', 'no SMTP_URL is set, so a mail was written to ').length === 1);
    const folder = join(app.env.dataDir, 'mail');
    const files = await readdir(folder);
    expect(files).toHaveLength(1);
    const file = join(folder, files[0] ?? '');
    expect(((await stat(folder)).mode & 0o777).toString(8)).toBe('700');
    expect(((await stat(file)).mode & 0o777).toString(8)).toBe('600');
    const mail = await readFile(file, 'utf8');
    expect(mail).toMatch(/^From: Example <accounts@example.com>\nTo: ada@example.com\nSubject: Confirm/);
    const token = tokenIn(mail);
    expect(JSON.stringify(app.log)).not.toContain(token.slice(23));
    expect((await page().post('/auth/register/confirm', { token })).status).toBe(201);
    expect(await app.app.get(UsersService, { strict: false }).findByEmail('ada@example.com')).not.toBeNull();
  });
});
