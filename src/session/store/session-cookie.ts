type Members = Record<string, unknown>;

// One order, so that equal cookies are equal texts, whoever made them.
const MEMBERS = [
  'originalMaxAge',
  'expires',
  'secure',
  'httpOnly',
  'domain',
  'path',
  'sameSite',
  'partitioned',
  'priority',
];
// express-session reads the clock twice when it slides a cookie; its `originalMaxAge` may lose what lies between.
const CLOCK_SLIP_MS = 20;

type CookieLike = Members & { toJSON?: () => Members };

/**
 * A session's cookie as it is stored. Its `expires` is left out when it follows from `originalMaxAge`: it changes with
 * every request and would make every session look modified.
 */
export function cookieOf(cookie: object): Members {
  const given = cookie as CookieLike;
  const members = typeof given.toJSON === 'function' ? given.toJSON() : given;
  const follows = isNumber(members['originalMaxAge']);
  const kept: Members = {};
  for (const name of MEMBERS) {
    const value = members[name];
    if (value === undefined || (name === 'expires' && follows)) continue;
    if (value !== null || name === 'originalMaxAge') kept[name] = value;
  }
  for (const name of Object.keys(members)) if (!MEMBERS.includes(name)) kept[name] = members[name];
  return kept;
}

/** Whether two cookies of a session say the same, but for an expiry that follows from `originalMaxAge`. */
export function sameCookie(one: object, other: object): boolean {
  const [a, b] = [cookieOf(one), cookieOf(other)];
  const [lifeA, lifeB] = [a['originalMaxAge'], b['originalMaxAge']];
  if (isNumber(lifeA) && isNumber(lifeB) && Math.abs(lifeA - lifeB) <= CLOCK_SLIP_MS)
    a['originalMaxAge'] = lifeB;
  return JSON.stringify(a) === JSON.stringify(b);
}

/** How long a session may live unused by its cookie, ms; undefined when the cookie ends with the browser. */
export function cookieLifeMs(cookie: unknown): number | undefined {
  const expiry = expiryMs(cookie);
  if (expiry !== undefined) return expiry - Date.now();
  const maxAge = (cookie as { originalMaxAge?: unknown } | null | undefined)?.originalMaxAge;
  return isNumber(maxAge) ? maxAge : undefined;
}

/** Whether a cookie's expiry has passed. Both it and this look at the host's clock, as express-session does. */
export function isExpired(cookie: unknown): boolean {
  const expiry = expiryMs(cookie);
  return expiry !== undefined && expiry <= Date.now();
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);

function expiryMs(cookie: unknown): number | undefined {
  const expires = (cookie as { expires?: unknown } | null | undefined)?.expires;
  const at =
    expires instanceof Date ? expires.getTime() : typeof expires === 'string' ? Date.parse(expires) : NaN;
  return Number.isNaN(at) ? undefined : at;
}
