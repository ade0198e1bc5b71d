import assert from 'node:assert/strict';
import { randomBytes, scryptSync } from 'node:crypto';
import { SessionService } from 'latchkey';
import { Customers } from '../customers.js';
import { Trail } from '../trail.js';
import { Client } from './client.js';
import { PASSWORD, register, type Shop } from './shop.js';

/** Accounts of the shop's own, its own user type and its own session data. */
export async function checkAccounts(shop: Shop): Promise<void> {
  const visitor = new Client(shop.url);
  await visitor.expect(401, 'GET', '/shop/me');
  await visitor.expect(204, 'POST', '/shop/cart', { article: 'tea', pieces: 1 });
  const ada = { email: 'ada@example.com', password: PASSWORD };
  await visitor.expect(201, 'POST', '/auth/register', ada);
  await visitor.expect(204, 'POST', '/shop/cart', { article: 'cup', pieces: 2 });
  assert.deepEqual(await visitor.expect(200, 'GET', '/shop/cart'), [
    { article: 'tea', pieces: 1 },
    { article: 'cup', pieces: 2 },
  ]);
  const me = { email: ada.email, plan: 'free', same: true };
  assert.deepEqual(await visitor.expect(200, 'GET', '/shop/me'), me);

  const phone = new Client(shop.url);
  await phone.expect(401, 'POST', '/auth/login', { ...ada, password: 'wrong' });
  await phone.logIn('/auth/login', ada);
  assert.deepEqual(await phone.expect(200, 'GET', '/shop/me'), me);

  const password = { currentPassword: PASSWORD, newPassword: 'another horse battery staple' };
  await visitor.expect(200, 'PUT', '/auth/password', password);
  await phone.expect(401, 'GET', '/shop/me');
  await visitor.expect(200, 'GET', '/shop/me');
  assert.deepEqual(shop.app.get(Trail, { strict: false }).types, [
    'registered',
    'login.succeeded',
    'login.failed',
    'login.succeeded',
    'password.changed',
  ]);

  const { browser, customer } = await register(shop, 'bob@example.com');
  const { revoked } = await shop.app.get(SessionService).revokeAll(customer.id);
  assert.equal(revoked, 1);
  await browser.expect(401, 'GET', '/shop/me');
}

/** Accounts with hashes of another system: their owners log in, and have one of this system afterwards. */
export async function checkMovedHashes(shop: Shop): Promise<void> {
  const salt = randomBytes(16);
  const key = scryptSync(PASSWORD, salt, 32);
  const customers = shop.app.get(Customers, { strict: false });
  const moved = { email: 'alan@example.com', displayName: null, roles: [] };
  const passwordHash = `scrypt$${salt.toString('base64')}$${key.toString('base64')}`;
  const { id } = await customers.create({ ...moved, passwordHash });

  const phone = new Client(shop.url);
  await phone.expect(401, 'POST', '/auth/login', { email: moved.email, password: 'a wrong one' });
  await phone.logIn('/auth/login', { email: moved.email, password: PASSWORD });
  assert.match((await customers.findCredentials(id))?.passwordHash ?? '', /^\$argon2id\$/);
  await new Client(shop.url).logIn('/auth/login', { email: moved.email, password: PASSWORD });
  await phone.expect(200, 'GET', '/shop/me');
}
