import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { ProblemException } from '../problem/index.js';
import { hasCookie, presentedCredentials } from '../session/index.js';
import type { KnownOrigins } from './auth.module-definition.js';
import { crossSiteVerdict } from './cross-site.js';

/** Where the browsers of an application come from. */
export interface CrossSiteOptions {
  /**
   * The origins that browsers come from, such as `https://app.example.com`, the application's own among them; or a
   * function that knows them by their `Origin` header.
   */
  origins: readonly string[] | KnownOrigins;
  /** Name of the session cookie, as SessionModule has it; only its presence is looked at. @default '__Host-sid' */
  cookieName?: string;
  /** Name of another cookie that logs people in, while sessions of another system are taken over. @default none */
  legacyCookieName?: string;
}

/**
 * Express middleware that refuses, with 403 `CROSS_SITE_REQUEST`, what a page of another site makes a browser send:
 * login and logout included, with or without a cookie, because a login that the visitor did not make is an attack too.
 * Mount it on the application, `app.use(crossSiteGuard({ … }))`, before everything that costs something.
 * @see crossSiteVerdict for the rule
 * @throws TypeError when there is no origin, or something that browsers never send as one
 */
export function crossSiteGuard(options: CrossSiteOptions): RequestHandler {
  const isRefused = crossSiteRule(options);
  return (req, _res, next) =>
    next(isRefused(req, req.method) ? new ProblemException('CROSS_SITE_REQUEST') : undefined);
}

/**
 * The rule itself: whether a request is to be refused when it does what that method does.
 * @throws TypeError as `crossSiteGuard`
 */
export function crossSiteRule({
  origins,
  cookieName = '__Host-sid',
  legacyCookieName,
}: CrossSiteOptions): (req: IncomingMessage, method: string) => boolean {
  const isKnown = typeof origins === 'function' ? origins : knowing(origins);
  return (req, method) => {
    const { bearer, cookie } = presentedCredentials(req, cookieName);
    const request = {
      method,
      origin: req.headers.origin,
      fetchSite: req.headers['sec-fetch-site'],
      hasSessionCookie:
        cookie !== undefined ||
        (legacyCookieName !== undefined && hasCookie(req.headers.cookie, legacyCookieName)),
      hasBearerToken: bearer !== undefined,
    };
    return crossSiteVerdict(request, (origin) => isKnown(origin, req)) === 'refused';
  };
}

function knowing(origins: readonly string[]): KnownOrigins {
  const known = new Set(origins);
  // A slash at the end, a path or '*' would refuse every browser, and nobody would know why.
  const wrong = [...known].filter((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin);
  if (known.size === 0 || wrong.length > 0) {
    throw new TypeError(
      "crossSiteGuard: origins must name at least one origin as browsers send it, such as 'https://app.example.com'" +
        `${wrong.length > 0 ? `, not ${wrong.map((origin) => `'${origin}'`).join(', ')}` : ''}.`,
    );
  }
  return (origin) => known.has(origin);
}
