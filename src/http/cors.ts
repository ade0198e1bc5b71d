import type { NestExpressApplication } from '@nestjs/platform-express';
import type { Request, Response } from 'express';

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
      exposedHeaders: ['X-Request-Id', 'Retry-After', 'RateLimit', 'RateLimit-Policy', 'Revocation-Durable'],
      maxAge: 600,
      // OPTIONS is a preflight only when it says for what.
      preflightContinue: asked === undefined,
    });
  });
}
