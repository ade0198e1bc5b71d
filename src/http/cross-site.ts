import type { RequestHandler } from 'express';

import { crossSiteVerdict, type KnownOrigins } from '../auth/index.js';
import { ProblemException } from '../problem/index.js';
import { hasCookie, presentedCredentials } from '../session/index.js';

export interface CrossSiteOptions {
  /** Name of the session cookie. Only its presence is looked at. */
  cookieName: string;
  /** Name of another cookie that logs people in, while sessions of another system are taken over. */
  legacyCookieName?: string;
  isKnownOrigin: KnownOrigins;
}

/**
 * Refuses, with `CROSS_SITE_REQUEST`, what a page of another site makes a browser send: login and logout included,
 * with or without a cookie, because a login that the visitor did not make is an attack too. Stands before everything
 * that costs something.
 */
export function crossSiteGuard({
  cookieName,
  legacyCookieName,
  isKnownOrigin,
}: CrossSiteOptions): RequestHandler {
  return (req, _res, next) => {
    const { bearer, cookie } = presentedCredentials(req, cookieName);
    const request = {
      method: req.method,
      origin: req.headers.origin,
      fetchSite: req.headers['sec-fetch-site'],
      hasSessionCookie:
        cookie || (legacyCookieName !== undefined && hasCookie(req.headers.cookie, legacyCookieName)),
      hasBearerToken: bearer !== undefined,
    };
    const verdict = crossSiteVerdict(request, (origin) => isKnownOrigin(origin, req));
    next(verdict === 'refused' ? new ProblemException('CROSS_SITE_REQUEST') : undefined);
  };
}
