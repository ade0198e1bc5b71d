/** What a request says about where it comes from. */
export interface RequestOrigin {
  method: string;
  /** The `Origin` header. */
  origin: string | undefined;
  /** The `Sec-Fetch-Site` header. */
  fetchSite: string | undefined;
  /** Whether the request carries the session cookie, valid or not. */
  hasSessionCookie: boolean;
  /** Whether it carries a bearer token, which no page can make a browser add without a CORS preflight. */
  hasBearerToken: boolean;
}

// RFC 9110, section 9.2.1. Whatever is not known to be safe changes something.
const SAFE_METHODS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE']);

/** Whether a request of this method changes nothing, so that it does not matter who caused it. */
export function isSafeMethod(method: string): boolean {
  return SAFE_METHODS.has(method);
}

/**
 * Whether a request may have been caused by another site in a browser's name (cross-site request forgery, login
 * included). Unsafe methods need an origin that is known; without that header a `Sec-Fetch-Site` of `same-origin` or
 * `none`; without both no session cookie, which proves that no browser is behind it.
 * @param isKnown whether an `Origin`, as a browser sends it, is the program's own or a front end that may use it; never
 *   asked about `null`, which any page can send from a sandbox
 * @see OWASP Cross-Site Request Forgery Prevention Cheat Sheet
 */
export function crossSiteVerdict(
  request: RequestOrigin,
  isKnown: (origin: string) => boolean,
): 'allowed' | 'refused' {
  const { method, origin, fetchSite, hasSessionCookie, hasBearerToken } = request;
  if (isSafeMethod(method) || hasBearerToken) return 'allowed';
  const allowed =
    origin !== undefined
      ? origin !== 'null' && isKnown(origin)
      : fetchSite !== undefined
        ? fetchSite === 'same-origin' || fetchSite === 'none'
        : !hasSessionCookie;
  return allowed ? 'allowed' : 'refused';
}
