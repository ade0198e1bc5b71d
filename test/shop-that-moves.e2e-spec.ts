import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { INestApplication } from '@nestjs/common';
import type { Redis } from 'ioredis';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

import { CookieClient } from './support/clients.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { Accounts, oldHash } from './support/shop-that-moves/accounts.js';
import { expressShop } from './support/shop-that-moves/express-shop.js';
import { startNewShop } from './support/shop-that-moves/new-shop.js';
import { startOldShop } from './support/shop-that-moves/old-shop.js';

const PASSWORD = 'correct horse battery staple';
const ORIGIN = 'https://shop.example.com';

// What docs/guides/from-connect-redis.md shows: the code before and after, and the people who are logged in meanwhile.
describe('a shop that moves from express-session and connect-redis', () => {
  const accounts = new Accounts();
  const userId = accounts.add('ada@example.com', oldHash(PASSWORD)).id;
  let redis: TestRedis;
  let client: Redis;
  let shop: INestApplication;
  let customer: CookieClient;
  let visitor: CookieClient;

  /** The browser that goes on against another server: the same cookies. */
  const movedTo = async (browser: CookieClient, url: string): Promise<CookieClient> => {
    const moved = new CookieClient(url, { origin: ORIGIN });
    for (const cookie of await browser.jar.getCookies(browser.url))
      await moved.jar.setCookie(cookie.toString(), url);
    return moved;
  };

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
    shop = await startOldShop(client, accounts);
    const url = await shop.getUrl();
    customer = new CookieClient(url);
    visitor = new CookieClient(url);
    expect((await customer.post('/login', { email: 'ada@example.com', password: PASSWORD })).status).toBe(
      201,
    );
    await customer.post('/cart', { item: 'tea' });
    await visitor.post('/cart', { item: 'coffee' });
    expect((await visitor.get('/orders')).status).toBe(403);
    await shop.close();
    shop = await startNewShop(client, accounts);
    customer = await movedTo(customer, await shop.getUrl());
    visitor = await movedTo(visitor, await shop.getUrl());
  });
  afterAll(async () => {
    await shop.close();
    await redis.stop();
  });

  it('keeps people logged in, with what was in their sessions', async () => {
    expect((await customer.get('/orders')).body).toEqual({ of: 'ada@example.com', orders: [] });
    expect(await customer.cookie('sid')).toBeDefined();
    expect((await customer.get('/cart')).body).toEqual({ cart: ['tea'] });
    expect((await customer.post('/cart', { item: 'milk' })).body).toEqual({ cart: ['tea', 'milk'] });
    expect((await customer.get('/auth/sessions')).body.total).toBe(1);
  });

  it("keeps a visitor's cart, through the login too, and takes the old hash of a password", async () => {
    expect((await visitor.get('/cart')).body).toEqual({ cart: ['coffee'] });
    expect((await visitor.get('/orders')).status).toBe(401);
    expect((await visitor.post('/auth/login', { email: 'ada@example.com', password: PASSWORD })).status).toBe(
      200,
    );
    expect((await visitor.get('/cart')).body).toEqual({ cart: ['coffee'] });
    expect(accounts.rows.get(userId)?.passwordHash).toMatch(/^\$argon2id\$/);
  });

  it('refuses a foreign page with the old cookie as with the new one', async () => {
    const headers = { origin: 'https://evil.example' };
    expect((await visitor.post('/cart', { item: 'cake' }, { headers })).status).toBe(403);
  });

  it('leaves nothing of them in the old place', async () => {
    expect(await client.keys('sess:*')).toEqual([]);
  });
});

describe('a shop that keeps express-session and only changes its store', () => {
  it('has its sessions in an index by user', async () => {
    const redis = await startRedis();
    const server = expressShop(redis.client()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const browser = new CookieClient(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect((await browser.get('/me')).body).toEqual({ userId: null });
    expect((await browser.post('/login/ada')).body).toEqual({ loggedIn: 'ada' });
    expect((await browser.get('/me')).body).toEqual({ userId: 'ada' });
    const indexes = await redis.client().keys('lk:idx:*');
    expect(indexes).toHaveLength(1);
    expect(await redis.client().zcard(indexes[0] as string)).toBe(1);
    server.close();
    server.closeAllConnections();
    await redis.stop();
  });
});
