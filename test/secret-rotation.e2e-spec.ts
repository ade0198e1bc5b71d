import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { AuditTrail } from '../src/audit/index.js';
import { signBearerToken } from '../src/session/token/bearer-token.js';
import { signCookie } from '../src/session/token/signed-cookie.js';
import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { BearerClient, CookieClient, untilTaken } from './support/clients.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';

const [OLD, NEW] = [0, 1].map(() => randomBytes(48).toString('base64')) as [string, string];
const credentials = { email: 'ann@example.com', password: PASSWORD };

describe('changing the secrets', () => {
  let redis: TestRedis;
  let directory: string;
  let app: TestApp;

  const start = async (...secrets: string[]): Promise<void> => {
    const env = {
      SESSION_SECRETS: secrets.join(),
      DATABASE_URL: `sqlite:${join(directory, 'users.db')}`,
      LOG_LEVEL: 'info',
    };
    app = await startApp({ redis, env });
  };
  const restart = async (...secrets: string[]): Promise<void> => {
    await app.close();
    await start(...secrets);
  };

  beforeAll(async () => {
    redis = await startRedis(programMayOnly());
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await redis.client().flushall();
    directory = mkdtempSync(join(tmpdir(), 'lk-rotation-'));
    await start(OLD);
    await app.createUser({ email: credentials.email });
  });
  afterEach(async () => {
    await app.close();
    rmSync(directory, { recursive: true });
  });

  /** A browser and an application that are logged in, as the program sees them wherever it listens now. */
  const loggedIn = async () => {
    const browser = new CookieClient(app.url);
    expect((await untilTaken(() => browser.post('/auth/login', credentials))).status).toBe(200);
    const mobile = new BearerClient(app.url);
    const { deviceToken } = (await untilTaken(() => mobile.login(credentials))).body;
    const [cookie, { token = '' }] = [await browser.cookie(), mobile];
    const headers = { cookie: `sid=${cookie}` };
    return {
      cookie: cookie ?? '',
      token,
      deviceToken: deviceToken as string,
      byCookie: () => new BearerClient(app.url).get('/auth/session', { headers }),
      byToken: () => new BearerClient(app.url, token).get('/auth/session'),
      headers,
    };
  };
  /** The session token in a cookie's value. */
  const tokenOf = (cookie: string): string => decodeURIComponent(cookie).replace(/^s:(.+)\.[^.]+$/, '$1');

  it('logs nobody out while the old one is still in the list', async () => {
    const { byCookie, byToken } = await loggedIn();
    await restart(NEW, OLD);
    expect([(await byCookie()).status, (await byToken()).status]).toEqual([200, 200]);
    await restart(NEW, OLD);
    expect([(await byCookie()).status, (await byToken()).status]).toEqual([200, 200]);
  });

  it('leaves devices known while the old one is still in the list', async () => {
    const { deviceToken } = await loggedIn();
    await restart(NEW, OLD);
    await new BearerClient(app.url).post('/auth/login', { ...credentials, transport: 'bearer', deviceToken });
    const { items } = await app.app.get(AuditTrail, { strict: false }).list({ limit: 1 });
    expect(items[0]).toMatchObject({ type: 'login.succeeded', detail: { device: 'known' } });
  });

  it('signs with the first: what was made since then outlives the old one', async () => {
    await restart(NEW, OLD);
    const made = await loggedIn();
    expect(decodeURIComponent(made.cookie)).toBe(decodeURIComponent(signCookie(tokenOf(made.cookie), NEW)));
    expect(made.token).toBe(signBearerToken(made.token.replace(/^lk_(.+)\.[^.]+$/, '$1'), NEW));
    await restart(NEW);
    expect([(await made.byCookie()).status, (await made.byToken()).status]).toEqual([200, 200]);
  });

  it('gives an old session a token of the new secret as soon as it is re-authenticated', async () => {
    const { cookie, token, headers } = await loggedIn();
    await restart(NEW, OLD);
    const origin = app.url;
    const again = await new BearerClient(app.url).post(
      '/auth/reauthenticate',
      { password: PASSWORD },
      { headers: { ...headers, origin } },
    );
    expect(again.status).toBe(200);
    const renewed = /^sid=([^;]+)/.exec(again.headers.getSetCookie()[0] ?? '')?.[1] ?? '';
    expect(decodeURIComponent(renewed)).not.toBe(decodeURIComponent(cookie));
    const mobile = new BearerClient(app.url, token);
    mobile.token = (await mobile.post('/auth/reauthenticate', { password: PASSWORD })).body.token;
    await restart(NEW);
    const now = { headers: { cookie: `sid=${renewed}` } };
    expect((await new BearerClient(app.url).get('/auth/session', now)).status).toBe(200);
    expect((await new BearerClient(app.url, mobile.token).get('/auth/session')).status).toBe(200);
  });

  it('ends with a 401 what only the secret that was dropped can verify, and breaks nothing', async () => {
    const { byCookie, byToken, headers, deviceToken } = await loggedIn();
    await restart(NEW);
    for (const answer of [await byCookie(), await byToken()]) {
      expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
      expect(answer.headers.getSetCookie()).toEqual([]);
    }
    // Public routes go on as for anybody else, and the person gets in again, with what she still has of before.
    const origin = app.url;
    const browser = new BearerClient(app.url);
    expect((await browser.post('/auth/logout', undefined, { headers: { ...headers, origin } })).status).toBe(
      204,
    );
    const back = await browser.post('/auth/login', credentials, { headers: { ...headers, origin } });
    expect(back.status).toBe(200);
    const mobile = await new BearerClient(app.url).post('/auth/login', {
      ...credentials,
      transport: 'bearer',
      deviceToken,
    });
    expect(mobile.status).toBe(200);
    expect(app.log.filter(({ level }) => level === 'error' || level === 'fatal')).toEqual([]);
  });

  it('can be undone: sessions of the old secret are there again when it is', async () => {
    const { byCookie, byToken } = await loggedIn();
    await restart(NEW);
    expect((await byCookie()).status).toBe(401);
    await restart(OLD);
    expect([(await byCookie()).status, (await byToken()).status]).toEqual([200, 200]);
  });
});
