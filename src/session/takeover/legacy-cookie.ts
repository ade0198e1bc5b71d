import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * Finds the session id in a cookie that express-session has set, as express-session itself reads it: the first cookie
 * of that name, URL-decoded, `s:<id>.<base64 HMAC-SHA256>`.
 * @param secrets every secret that is honoured
 * @returns undefined when there is none or the signature is not one of theirs
 */
export function legacySessionId(
  header: string | undefined,
  name: string,
  secrets: readonly string[],
): string | undefined {
  const value = cookieValue(header, name);
  const dot = value?.lastIndexOf('.') ?? -1;
  if (!value?.startsWith('s:') || dot < 0) return undefined;
  const id = value.slice(2, dot);
  const presented = Buffer.from(value.slice(dot + 1));
  for (const secret of secrets) {
    const expected = Buffer.from(createHmac('sha256', secret).update(id).digest('base64').replace(/=+$/, ''));
    if (presented.length === expected.length && timingSafeEqual(presented, expected)) return id;
  }
  return undefined;
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const pair of header?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue;
    const value = pair
      .slice(equals + 1)
      .trim()
      .replace(/^"(.*)"$/, '$1');
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  }
  return undefined;
}
