import { Module, type OnApplicationShutdown } from '@nestjs/common';
import { APP_FILTER, NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { Redis } from 'ioredis';
import { crossSiteGuard, PresetExpressAdapter, ProblemFilter, SessionModule } from 'latchkey';
import { SessionWsAdapter } from 'latchkey/ws';
import { GameGateway } from './game.gateway.js';
import { PlayersController, REFEREE_KEY } from './players.controller.js';

const { REDIS_URL = '', SESSION_SECRET = '', SESSION_INDEX_KEY = '', PORT = '3000' } = process.env;
const url = `http://127.0.0.1:${PORT}`;
const client = new Redis(REDIS_URL, {
  commandTimeout: 500,
  socketTimeout: 1_000,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  enableOfflineQueue: false,
});

@Module({
  imports: [
    SessionModule.forRoot({
      client,
      secrets: [SESSION_SECRET],
      indexKeys: [SESSION_INDEX_KEY],
      cookie: { name: 'sid', secure: false }, // plain http; with https leave it out
    }),
  ],
  controllers: [PlayersController],
  providers: [GameGateway, { provide: APP_FILTER, useClass: ProblemFilter }],
})
class GameModule implements OnApplicationShutdown {
  onApplicationShutdown(): void {
    client.disconnect();
  }
}

const app = await NestFactory.create<NestExpressApplication>(GameModule, new PresetExpressAdapter(), {
  logger: ['error', 'warn'],
});
app.use(crossSiteGuard({ origins: [url], cookieName: 'sid' }));
app.useWebSocketAdapter(new SessionWsAdapter(app, { origins: [url] }));
app.enableShutdownHooks();
await app.listen(Number(PORT), '127.0.0.1');
console.log(`A node of the game is at ${url}; the referee's key is ${REFEREE_KEY}`);
