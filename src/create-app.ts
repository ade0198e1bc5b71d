import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { DestinationStream } from 'pino';

import { AppModule, SESSIONLESS_PATHS } from './app.module.js';
import type { Env } from './config/index.js';
import { PresetExpressAdapter } from './express/index.js';
import {
  buildOpenApi,
  configureHttp,
  createLogger,
  HttpDrain,
  NestLogger,
  operationAccess,
  serveConsole,
  serveDocs,
  type OpenApiDocument,
} from './http/index.js';
import { Metrics } from './metrics/index.js';
import { SessionStreams } from './session/index.js';

// Of the HTTP contract, not of the package: which build answers is nobody's business (ASVS 5.0, 13.4.6).
const CONTRACT_VERSION = '1';

/**
 * The program, ready to listen: connected to Redis and the database, migrated, every route in place. `app.close()`
 * closes all that it opened.
 *
 * @param log where the log goes; standard output when left out.
 * @throws {RedisBootError} or an error of the database when one of them cannot be used.
 */
export async function createApp(env: Env, log?: DestinationStream): Promise<NestExpressApplication> {
  const logger = createLogger(env.logLevel, log);
  const app = await NestFactory.create<NestExpressApplication>(
    AppModule.forRoot(env, { waitForDatabase: true, redisMayBeAway: true }),
    new PresetExpressAdapter(),
    {
      // Ours stands before the session, see configureHttp.
      bodyParser: false,
      logger: new NestLogger(logger),
      abortOnError: false,
    },
  );
  const drain = app.get(HttpDrain);
  drain.watch(app.getHttpServer());
  drain.onLastCall(() => app.get(SessionStreams, { strict: false }).close());
  const metrics = app.get(Metrics);
  configureHttp(app, {
    ...env,
    logger,
    cookieName: env.cookie.name,
    legacyCookieName: env.takeover?.cookieName,
    observe: metrics.observeRequest,
    onShed: metrics.countShed,
  });
  try {
    if (env.console) serveConsole(app);
    if (env.docs) serveDocs(app, describeApi(app, env));
    await app.init();
  } catch (error) {
    await app.close();
    throw error;
  }
  return app;
}

/** The OpenAPI document of the program as it is configured. */
export function describeApi(app: NestExpressApplication, env: Pick<Env, 'cookie'>): OpenApiDocument {
  return buildOpenApi(app, {
    version: CONTRACT_VERSION,
    cookieName: env.cookie.name,
    accessOf: operationAccess(app),
    hasSession: (path) =>
      !SESSIONLESS_PATHS.some((excluded) => path.startsWith(`/${excluded.split('/')[0]}`)),
  });
}
