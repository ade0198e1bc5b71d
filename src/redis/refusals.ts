import { messageOf } from './redis-client.js';
import { describeRedis, RedisBootError, type RedisSettings } from './redis-settings.js';

const NOT_TRUSTED = /SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_HAS_EXPIRED|ERR_TLS_CERT_ALTNAME_INVALID/;
const CLIENT_CERTIFICATE_WANTED = /ALERT_(CERTIFICATE_REQUIRED|BAD_CERTIFICATE|HANDSHAKE_FAILURE|UNKNOWN_CA)/;

/** What waiting does not make right, as what to do about it; undefined for everything that may pass. */
export function refusalOf(error: Error, settings: RedisSettings): RedisBootError | undefined {
  const where = describeRedis(settings);
  const { code = '' } = ((error as { lastNodeError?: Error }).lastNodeError ??
    error) as NodeJS.ErrnoException;
  const message = messageOf(error);
  if (/\b(WRONGPASS|NOAUTH|NOPERM)\b|invalid password/i.test(message)) {
    // What is wrong at the sentinels comes wrapped.
    const settingsOfIt = message.startsWith('All sentinels')
      ? 'REDIS_SENTINEL_USER and REDIS_SENTINEL_PASSWORD'
      : 'user and password in REDIS_URL';
    return new RedisBootError(`Redis at ${where} refuses the credentials. Check ${settingsOfIt}.`);
  }
  if (message.includes('cluster support disabled')) {
    return new RedisBootError(`Redis at ${where} is no cluster. Write REDIS_URL as redis://host:port.`);
  }
  if (NOT_TRUSTED.test(code)) {
    return new RedisBootError(
      `The certificate of Redis at ${where} is not trusted: ${message}. Set REDIS_TLS_CA to the file of the authority ` +
        'that issued it, and name the server as the certificate does.',
    );
  }
  if (CLIENT_CERTIFICATE_WANTED.test(code)) {
    return new RedisBootError(
      `Redis at ${where} takes no client without a certificate that it trusts. Set REDIS_TLS_CERT and REDIS_TLS_KEY.`,
    );
  }
  return undefined;
}
