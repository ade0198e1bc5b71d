import type { Response } from 'express';
import type { SessionCookieOptions } from '../session/index.js';

/**
 * Tells a browser that its session is over: to delete the cookie, which needs the attributes it was set with, and to
 * forget what it keeps of the site. Not its other cookies: `"cookies"` would clear the whole registrable domain.
 * @see https://www.w3.org/TR/clear-site-data/, section 3.1
 */
export function sayGoodbye(
  res: Response,
  options: { cookie: SessionCookieOptions; clearSiteData: string[] },
): void {
  const { name, secure, sameSite } = options.cookie;
  res.clearCookie(name, { path: '/', httpOnly: true, secure, sameSite });
  if (options.clearSiteData.length > 0) {
    res.setHeader('Clear-Site-Data', options.clearSiteData.map((type) => `"${type}"`).join(', '));
  }
}
