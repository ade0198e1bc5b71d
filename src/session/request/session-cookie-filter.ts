import type { ServerResponse } from 'node:http';

const isOf = (name: string) => (header: string) => header.startsWith(`${name}=`);

/**
 * Takes the session cookie out of answers that must not carry it, whoever set it: bearer clients never get one, and
 * neither a 401 nor an outage may set or clear it, or a passing error would log a browser out. Elsewhere it comes
 * first: simple clients keep one cookie. To be called when the headers are about to leave.
 */
export function filterSessionCookie(res: ServerResponse, cookieName: string, mayCarry: boolean): void {
  const header = res.getHeader('set-cookie');
  if (header === undefined) return;
  const named = isOf(cookieName);
  const cookies = Array.isArray(header) ? header : [String(header)];
  const barred = res.statusCode === 401 || res.statusCode === 503 || !mayCarry;
  const kept = [...(barred ? [] : cookies.filter(named)), ...cookies.filter((cookie) => !named(cookie))];
  if (kept.length > 0) res.setHeader('set-cookie', kept);
  else res.removeHeader('set-cookie');
}
