import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Redis } from 'ioredis';

import { LoginNotifier, RedisLoginThrottle, type NewDeviceLogin } from '../src/auth/index.js';
import { PASSWORD } from './support/app.js';
import { startAuthHost, type AuthHost } from './support/auth-host.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const EMAIL = 'ada@example.com';
const credentials = { email: EMAIL, password: PASSWORD };

/** Keeps what it hears; while `hold` is set it does not come to an end, and while `broken` is, it fails. */
class HostNotifier extends LoginNotifier {
  readonly heard: NewDeviceLogin[] = [];
  hold: Promise<void> | undefined;
  broken = false;

  async onNewDevice(login: NewDeviceLogin): Promise<void> {
    this.heard.push(login);
    await this.hold;
    if (this.broken) throw new Error('no mail today');
  }
}

describe('a login from a device that the account does not know', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: AuthHost;
  let notifier: HostNotifier;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await client.flushall();
    notifier = new HostNotifier();
    const secrets = ['a-secret-of-the-devices-of-this-specification'];
    host = await startAuthHost(client, { notifier, throttle: new RedisLoginThrottle({ client, secrets }) });
  });
  afterEach(() => host.close());

  const browser = async (): Promise<CookieClient> => {
    const fresh = new CookieClient(host.url);
    expect((await fresh.post('/auth/login', credentials)).status).toBe(200);
    return fresh;
  };
  const register = async (): Promise<CookieClient> => {
    const first = new CookieClient(host.url);
    expect((await first.post('/auth/register', credentials)).status).toBe(201);
    return first;
  };
  /** What the notifier has heard, once everything that was handed over to it has reached it. */
  const heard = async (): Promise<NewDeviceLogin[]> => {
    for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return notifier.heard;
  };
  const trailed = () =>
    host.trail.events
      .filter(({ type }) => type === 'login.succeeded')
      .map(({ detail }) => detail?.['device']);

  it('is told to the host, with whose it was and which session it made', async () => {
    await register();
    const stranger = await browser();
    const { user, session } = (await stranger.get('/auth/session')).body;
    const [login, ...others] = await heard();
    expect(others).toEqual([]);
    expect(login).toMatchObject({
      user: { id: user.id, email: EMAIL },
      session: { id: session.id, ip: '127.0.0.1', device: { type: expect.any(String) } },
    });
    expect(JSON.stringify(login)).not.toContain(((await stranger.cookie()) ?? '').slice(4, 40));
    expect(trailed().at(-1)).toBe('new');
  });

  it('is no news on the device of the registration, nor twice on one device', async () => {
    const first = await register();
    await first.post('/auth/logout');
    await first.post('/auth/login', credentials);
    expect(await heard()).toEqual([]);
    const second = await browser();
    await second.post('/auth/logout');
    await second.post('/auth/login', credentials);
    expect(await heard()).toHaveLength(1);
    expect(trailed().slice(1)).toEqual(['known', 'new', 'known']);
  });

  it('is news again after the password was changed, on every device but that one', async () => {
    const [first, second] = [await register(), await browser()];
    notifier.heard.length = 0;
    const newPassword = 'seven quiet rivers in the dark';
    const changed = await first.put('/auth/password', { currentPassword: PASSWORD, newPassword });
    expect(changed.status).toBe(200);
    const again = { ...credentials, password: newPassword };
    await first.post('/auth/logout');
    await first.post('/auth/login', again);
    expect(await heard()).toEqual([]);
    await second.post('/auth/login', again);
    expect(await heard()).toHaveLength(1);
  });

  it('knows a mobile device by the token that it keeps', async () => {
    await register();
    const app = new BearerClient(host.url);
    const { deviceToken } = (await app.login(credentials)).body;
    expect(await heard()).toHaveLength(1);
    const next = await new BearerClient(host.url).post('/auth/login', {
      ...credentials,
      transport: 'bearer',
      deviceToken,
    });
    expect(next.status).toBe(200);
    expect(await heard()).toHaveLength(1);
    const forged = `${deviceToken.slice(0, -1)}${deviceToken.endsWith('A') ? 'B' : 'A'}`;
    await new BearerClient(host.url).post('/auth/login', {
      ...credentials,
      transport: 'bearer',
      deviceToken: forged,
    });
    expect(await heard()).toHaveLength(2);
  });

  it('is no news when it fails, and none when the password is asked for again', async () => {
    const first = await register();
    const wrong = { ...credentials, password: 'a password that is wrong' };
    expect((await new CookieClient(host.url).post('/auth/login', wrong)).status).toBe(401);
    expect((await first.post('/auth/reauthenticate', { password: PASSWORD })).status).toBe(200);
    expect(await heard()).toEqual([]);
  });

  it('is answered before the host has come to an end, and also when it fails', async () => {
    await register();
    let letGo: () => void = () => undefined;
    notifier.hold = new Promise((resolve) => (letGo = resolve));
    notifier.broken = true;
    const stranger = await browser();
    expect(await heard()).toHaveLength(1);
    letGo();
    expect(await heard()).toHaveLength(1);
    expect((await stranger.get('/auth/session')).status).toBe(200);
  });
});

describe('a throttle that knows no devices', () => {
  it('raises nothing, instead of a mail for every login', async () => {
    const redis = await startRedis();
    const client = redis.client();
    const notifier = new HostNotifier();
    const host = await startAuthHost(client, { notifier });
    try {
      await new CookieClient(host.url).post('/auth/register', credentials);
      expect((await new CookieClient(host.url).post('/auth/login', credentials)).status).toBe(200);
      await new Promise((resolve) => setImmediate(resolve));
      expect(notifier.heard).toEqual([]);
      expect(host.trail.events.at(-1)?.detail).not.toHaveProperty('device');
    } finally {
      await host.close();
      await redis.stop();
    }
  });
});
