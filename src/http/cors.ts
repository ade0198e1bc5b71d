import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';
import type { IncomingMessage } from 'node:http';

const EXPOSED_HEADERS = [
  'X-Request-Id',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'Revocation-Durable',
];

/**
 * Lets front ends on these origins, and no others, read answers and send credentials. Everything else of CORS stays
 * closed: an origin that is not listed is told nothing, and its preflight is a request with a method that no address knows.
 */
export function allowFrontEnds(app: NestExpressApplication, allowedOrigins: readonly string[]): void {
  const known = new Set(allowedOrigins);
  // On every answer, also to who named no origin: what a cache keeps of it must not be shown to another one.
  app.use((_req: Request, res: Response, next: () => void) => {
    res.vary('Origin');
    next();
  });
  app.enableCors((req: Request, done: (error: null, options: object) => void) => {
    const { origin, 'access-control-request-method': asked } = req.headers;
    done(null, {
      origin: origin !== undefined && known.has(origin),
      credentials: true,
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      allowedHeaders: ['Content-Type', 'Authorization', 'X-Request-Id'],
      exposedHeaders: EXPOSED_HEADERS,
      maxAge: 600,
      // OPTIONS is a preflight only when it says for what.
      preflightContinue: asked === undefined,
    });
  });
}

/** The same for answers that are given before any middleware. */
export interface FrontEnds {
  /** Names and values in turn, for `writeHead`. */
  headersFor(req: IncomingMessage): readonly string[];
  /** Whether a front end asks what it may send, see {@link allowFrontEnds}. */
  isPreflight(req: IncomingMessage): boolean;
}

/** @param allowedOrigins as for {@link allowFrontEnds}; without any, answers say nothing of origins */
export function frontEnds(allowedOrigins: readonly string[]): FrontEnds {
  const known = new Set(allowedOrigins);
  const forAnybody = known.size > 0 ? ['Vary', 'Origin'] : [];
  const forFrontEnds = [
    ...forAnybody,
    'Access-Control-Allow-Credentials',
    'true',
    'Access-Control-Expose-Headers',
    EXPOSED_HEADERS.join(','),
    'Access-Control-Allow-Origin',
  ];
  const isKnown = (origin: string | undefined): origin is string => origin !== undefined && known.has(origin);
  return {
    headersFor: ({ headers: { origin } }) => (isKnown(origin) ? [...forFrontEnds, origin] : forAnybody),
    isPreflight: ({ method, headers }) =>
      method === 'OPTIONS' &&
      headers['access-control-request-method'] !== undefined &&
      isKnown(headers.origin),
  };
}
