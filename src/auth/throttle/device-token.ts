import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** A device from which somebody has logged in to an account. */
export interface KnownDevice {
  /** 72 random bits, base64url. */
  id: string;
  /** When its token was issued, ms by Redis's clock. */
  issuedMs: number;
}

/** How long a device stays known without a login, ms. Browsers keep no cookie for more than 400 days (RFC 6265bis, 5.5). */
export const DEVICE_LIFETIME_MS = 365 * 86_400_000;

const ID_BYTES = 9;
const TOKEN = /^lkd_([A-Za-z0-9_-]{12})\.([0-9a-z]{1,10})\.([A-Za-z0-9_-]{43})$/;

// A label of its own, so that no other signature of these secrets verifies as a device's. The account is in the
// signature only: a token tells nobody whose it is.
const mac = (account: string, id: string, issued: string, secret: string) =>
  createHmac('sha256', secret).update(`latchkey device\0${account}\0${id}\0${issued}`).digest('base64url');

/** The id of a device that was not known before. */
export function newDeviceId(): string {
  return randomBytes(ID_BYTES).toString('base64url');
}

/**
 * The token that a device keeps after a login: `lkd_<id>.<issued, base 36>.<base64url HMAC-SHA256>`. It opens nothing;
 * it lets its failed logins to this account be counted apart from everybody else's.
 * @param account normalised e-mail
 * @see OWASP, Slow Down Online Guessing Attacks with Device Cookies
 */
export function signDeviceToken(account: string, { id, issuedMs }: KnownDevice, secret: string): string {
  const issued = Math.floor(issuedMs).toString(36);
  return `lkd_${id}.${issued}.${mac(account, id, issued, secret)}`;
}

/**
 * The device that a token is of, for this account.
 * @param secrets every secret that is honoured
 * @returns undefined when it is none of ours, or another account's. That it verifies does not prove that the device is
 *   still known.
 */
export function verifyDeviceToken(
  token: string | undefined,
  account: string,
  secrets: readonly string[],
): KnownDevice | undefined {
  const [, id = '', issued = '', presented = ''] = TOKEN.exec(token ?? '') ?? [];
  if (id === '') return undefined;
  for (const secret of secrets) {
    // Compared as text, so that a token has one spelling only.
    const expected = Buffer.from(mac(account, id, issued, secret));
    if (timingSafeEqual(expected, Buffer.from(presented))) return { id, issuedMs: parseInt(issued, 36) };
  }
  return undefined;
}
