import { createHmac } from 'node:crypto';

/** The value of a session cookie as express-session writes and reads it: `s:<token>.<base64 HMAC-SHA256>`. */
export function signCookie(token: string, secret: string): string {
  const mac = createHmac('sha256', secret).update(token).digest('base64').replace(/=+$/, '');
  return `s:${encodeURIComponent(`${token}.${mac}`)}`;
}
