import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { crossSiteGuard, PresetExpressAdapter } from 'latchkey';
import { AppModule, cookie } from './app.module.js';

const port = Number(process.env.PORT ?? 3000);
const url = process.env.PUBLIC_URL ?? `http://127.0.0.1:${port}`; // as browsers see it

const app = await NestFactory.create<NestExpressApplication>(AppModule, new PresetExpressAdapter(), {
  logger: ['error', 'warn'],
});
app.use(crossSiteGuard({ origins: [url], cookieName: cookie.name }));
app.enableShutdownHooks();
await app.listen(port, '127.0.0.1');
console.log(`The shop is at ${url}; Ctrl-C ends it. What to try: README.md`);
