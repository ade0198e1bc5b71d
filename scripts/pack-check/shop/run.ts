// The shop over HTTP: what its guides promise, tried by clients. Needs a redis-server behind REDIS_SOCKET.
import 'reflect-metadata';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { crossSiteGuard, PresetExpressAdapter } from 'latchkey';
import { AppModule } from './app.module.js';
import { checkAccounts, checkMovedHashes } from './checks/accounts.js';
import { checkPermissions } from './checks/permissions.js';
import { checkSignInLinks } from './checks/sign-in-links.js';

const app = await NestFactory.create<NestExpressApplication>(AppModule, new PresetExpressAdapter(), {
  logger: ['error', 'warn'],
});
app.use(crossSiteGuard({ origins: ['http://shop.test'], cookieName: 'sid' }));
await app.listen(0, '127.0.0.1');
try {
  const shop = { app, url: await app.getUrl() };
  await checkAccounts(shop);
  await checkMovedHashes(shop);
  await checkSignInLinks(shop);
  await checkPermissions(shop);
} finally {
  await app.close();
}
