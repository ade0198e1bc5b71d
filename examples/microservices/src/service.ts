import { rmSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Redis } from 'ioredis';
import { crossSiteGuard, PresetExpressAdapter, type SessionModuleOptions } from 'latchkey';

const { REDIS_URL = '', SESSION_SECRET = '', SESSION_INDEX_KEY = '', PORT = '3000' } = process.env;
export const publicUrl = `http://127.0.0.1:${PORT}`;
export const client = new Redis(REDIS_URL, {
  commandTimeout: 500,
  socketTimeout: 1_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
});

/** The same in every service: with these, all of them speak of the same sessions. */
export const sessions = {
  isGlobal: true,
  client,
  secrets: [SESSION_SECRET],
  indexKeys: [SESSION_INDEX_KEY],
  cookie: { name: 'sid', secure: false }, // plain http; with https leave it out
} satisfies SessionModuleOptions & { isGlobal: boolean };

/** Serves a module on a unix socket, where nobody but the gateway comes in. */
export async function serve(module: object, socket: string): Promise<void> {
  const app = await NestFactory.create<NestExpressApplication>(module, new PresetExpressAdapter(), {
    logger: ['error', 'warn'],
  });
  app.set('trust proxy', (address?: string) => address === undefined); // whoever comes by the socket
  app.use(crossSiteGuard({ origins: [publicUrl], cookieName: 'sid' }));
  app.enableShutdownHooks();
  rmSync(socket, { force: true });
  await app.listen(socket);
}
