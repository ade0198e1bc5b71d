import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, RequestHandler, Response } from 'express';
import type { Server } from 'node:http';
import type { Logger } from 'pino';

import { crossSiteGuard } from '../auth/index.js';
import { noStore } from '../problem/index.js';
import { cutOffBodies, jsonBody } from './body.js';
import { answerClientErrors } from './client-error.js';
import { allowFrontEnds } from './cors.js';
import { answerExpectations } from './expectations.js';
import { readAbsoluteForm } from './origin-form.js';
import { inSequence } from './in-sequence.js';
import { shedLoad } from './load-shedding.js';
import { knownOrigins, type OriginOptions } from './origins.js';
import { requestLog } from './request-log.js';
import { apiHeaders, securityHeaders } from './security-headers.js';
import { strictAddress } from './strict-address.js';
import { strictHeaders } from './strict-headers.js';

export interface HttpOptions extends OriginOptions {
  logger: Logger;
  production: boolean;
  /** Addresses and networks whose `X-Forwarded-*` headers are believed; empty: nobody's. */
  trustedProxies: readonly string[];
  cookieName: string;
  /** See `CrossSiteOptions`. */
  legacyCookieName?: string;
  /** Sees every request first, for metrics. */
  observe: RequestHandler;
  /** Hears of every request that is turned away because there are too many. */
  onShed?: () => void;
}

/**
 * Mounts what every request passes before it reaches Nest, in the order of what it costs: a request that is refused
 * for its origin, its type or its size has cost no Redis command, and its body was not read beyond the limit. Call it
 * before `app.init()`, on an application made with `bodyParser: false`.
 */
export function configureHttp(app: NestExpressApplication, options: HttpOptions): void {
  app.disable('x-powered-by');
  // Answers are small and not to be stored; hashing each for an ETag would be for nothing.
  app.disable('etag');
  app.set('trust proxy', options.trustedProxies.length > 0 ? [...options.trustedProxies] : false);
  if (options.publicUrl?.startsWith('https:') === true) declareHttps(app);
  spellOneWay(app);
  harden(app.getHttpServer(), options);

  app.use(
    inSequence(
      options.observe,
      requestLog(options.logger),
      securityHeaders(options),
      // Everything: an address that is nobody's today, or spelt in another way, is no exception that could be forgotten.
      noStore,
      cutOffBodies(),
      strictHeaders,
      strictAddress,
    ),
  );
  if (options.allowedOrigins.length > 0) allowFrontEnds(app, options.allowedOrigins);
  const { cookieName, legacyCookieName } = options;
  const origins = knownOrigins(options);
  app.use(inSequence(crossSiteGuard({ cookieName, legacyCookieName, origins }), jsonBody()));
}

/**
 * Makes every request one that came by https, since that is how browsers reach the program, whoever ends TLS for it.
 * Without this, a proxy that is missing in `TRUSTED_PROXIES`, or sends no `X-Forwarded-Proto`, would mean logins that
 * succeed without a cookie: express-session sets a Secure cookie only over what it takes for https.
 */
function declareHttps(app: NestExpressApplication): void {
  const { request } = app.getHttpAdapter().getInstance() as { request: object };
  Object.defineProperty(request, 'protocol', { configurable: true, get: () => 'https' });
}

/**
 * What a proxy allows or forbids by path is not to be had under a path in other letters. Nest has made the router by now,
 * with Express's setting of the time, but no route yet.
 */
function spellOneWay(app: NestExpressApplication): void {
  const { router } = app.getHttpAdapter().getInstance() as { router: object };
  Object.assign(router, { caseSensitive: true });
}

function harden(server: Server, options: HttpOptions): void {
  // A request of at most 16 kB that takes longer to arrive is a slow loris.
  server.headersTimeout = 10_000;
  server.requestTimeout = 20_000;
  // Longer than the 60 s after which load balancers drop idle connections, so that they never reuse a dead one.
  server.keepAliveTimeout = 65_000;
  // strictHeaders says no, instead of silently doing without the rest and without a word about a missing Host.
  Object.assign(server, { maxHeadersCount: 0, requireHostHeader: false });
  const headers = apiHeaders(options);
  const { logger, observe, onShed, allowedOrigins } = options;
  shedLoad(server, {
    headers,
    allowedOrigins,
    observe: (req, res) => {
      onShed?.();
      // It looks at nothing that only Express adds.
      observe(req as Request, res as Response, () => undefined);
    },
    report: (requests) => logger.warn({ requests }, 'more load than can be borne: answered 503'),
  });
  readAbsoluteForm(server);
  answerClientErrors(server, headers);
  answerExpectations(server);
}
