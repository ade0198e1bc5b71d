import type { Request, RequestHandler } from 'express';
import helmet, { type HelmetOptions } from 'helmet';

import { DOCS_PATH, DOCS_STYLE_HASHES } from './docs-page.js';

/**
 * Headers that keep a browser from doing anything with an answer but reading it. The API serves no page, so its
 * policy allows nothing; the documentation page gets what its own scripts and styles need.
 *
 * @see OWASP Secure Headers; ASVS 5.0, V3.4
 */
export function securityHeaders(options: { production: boolean }): RequestHandler {
  const common: HelmetOptions = {
    // Over http in development it would do nothing, or lock a machine's localhost to https.
    strictTransportSecurity: options.production && { maxAge: 31_536_000, includeSubDomains: true },
    xFrameOptions: { action: 'deny' },
  };
  const api = helmet({
    ...common,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
  });
  const docs = helmet({
    ...common,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", ...DOCS_STYLE_HASHES],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  });
  return (req, res, next) => {
    (isDocsPage(req) ? docs : api)(req, res, next);
  };
}

function isDocsPage(req: Request): boolean {
  return req.path === DOCS_PATH || req.path.startsWith(`${DOCS_PATH}/`);
}
