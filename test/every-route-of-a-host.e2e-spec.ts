import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { type INestApplication, RequestMethod, VersioningType } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { type SessionHost, startSessionHost } from './support/session-host.js';

// The middleware stands before all of them, however a host has spread them.
describe('the routes of a host', () => {
  let redis: TestRedis;
  let client: Redis;
  let host: SessionHost | undefined;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(async () => {
    await host?.close();
    host = undefined;
  });
  afterAll(() => host?.close());

  it.each<[string, (app: INestApplication) => unknown, string, string]>([
    ['without a prefix', () => undefined, '', ''],
    ['below a prefix', (app) => app.setGlobalPrefix('api'), '/api', '/api'],
    [
      'beside a prefix',
      (app) => app.setGlobalPrefix('api', { exclude: [{ path: 'me', method: RequestMethod.GET }] }),
      '/api',
      '',
    ],
    [
      'of a version',
      (app) => app.enableVersioning({ type: VersioningType.URI, defaultVersion: '1' }),
      '/v1',
      '/v1',
    ],
  ])('%s have their session', async (_, prepare, prefix, ofMe) => {
    host = await startSessionHost(client, {}, prepare);
    const login = await host.call('POST', `${prefix}/login`);
    expect(login.status).toBe(201);
    const cookie = login.headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const me = await host.call('GET', `${ofMe}/me`, { cookie });
    expect(await me.json()).toMatchObject({ user: 'ada', credential: 'valid' });
  });
});
