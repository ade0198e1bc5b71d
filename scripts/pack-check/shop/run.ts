// The shop over HTTP: what its guides promise, tried by clients. Needs a redis-server behind REDIS_SOCKET.
import 'reflect-metadata';
import assert from 'node:assert/strict';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { crossSiteGuard, PresetExpressAdapter, SessionService } from 'latchkey';
import { AppModule } from './app.module.js';
import { Client } from './client.js';
import { Customers } from './customers.js';
import { Trail } from './trail.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, new PresetExpressAdapter(), {
  logger: ['error', 'warn'],
});
app.use(crossSiteGuard({ origins: ['http://shop.test'], cookieName: 'sid' }));
await app.listen(0, '127.0.0.1');
try {
  const url = await app.getUrl();
  const ada = { email: 'ada@example.com', password: 'correct horse battery staple' };

  const browser = new Client(url);
  assert.equal((await browser.call('POST', '/shop/cart', { article: 'tea', pieces: 1 })).status, 204);
  assert.equal((await browser.call('POST', '/auth/register', ada)).status, 201);
  assert.equal((await browser.call('POST', '/shop/cart', { article: 'cup', pieces: 2 })).status, 204);
  assert.deepEqual((await browser.call('GET', '/shop/cart')).body, [
    { article: 'tea', pieces: 1 },
    { article: 'cup', pieces: 2 },
  ]);
  assert.deepEqual((await browser.call('GET', '/shop/me')).body, { email: ada.email });

  const phone = new Client(url);
  assert.equal((await phone.call('POST', '/auth/login', { ...ada, password: 'wrong' })).status, 401);
  assert.equal((await phone.logIn(ada)).status, 200);
  assert.equal((await phone.call('GET', '/shop/me')).status, 200);

  const customers = app.get(Customers);
  const { id = '' } = (await customers.findByEmail(ada.email)) ?? {};
  const changed = await browser.call('PUT', '/auth/password', {
    currentPassword: ada.password,
    newPassword: 'another horse battery staple',
  });
  assert.equal(changed.status, 200);
  assert.equal((await phone.call('GET', '/shop/me')).status, 401);
  assert.equal((await browser.call('GET', '/shop/me')).status, 200);
  await app.get(SessionService).revokeAll(id);
  assert.equal((await browser.call('GET', '/shop/me')).status, 401);
  assert.deepEqual(app.get(Trail, { strict: false }).types, [
    'registered',
    'login.succeeded',
    'login.failed',
    'login.succeeded',
    'password.changed',
  ]);
} finally {
  await app.close();
}
