import { join } from 'node:path';

/** Secrets that the program and the library's host share, so that the one knows the other's sessions. */
export const PROGRAM_SECRETS = {
  secrets: ['a-session-secret-of-the-benchmark-only'],
  indexKeys: ['an-index-key-of-the-benchmark-and-only'],
};

export const PUBLIC_URL = 'http://127.0.0.1:8080';

/** What the program calls its cookie; a host over plain http cannot call its own so. */
export const PROGRAM_COOKIE = '__Host-sid';

/**
 * The program's settings: production, and everything that has a default left as it is.
 *
 * @param {{ socket: string, directory: string }} redis
 * @returns {Record<string, string>}
 */
export function programSettings({ socket, directory }) {
  return {
    NODE_ENV: 'production',
    HOST: '127.0.0.1',
    PORT: '0',
    PUBLIC_URL,
    REDIS_URL: `unix:${socket}`,
    DATABASE_URL: `sqlite:${join(directory, 'latchkey.db')}`,
    SESSION_SECRETS: PROGRAM_SECRETS.secrets.join(','),
    SESSION_INDEX_KEYS: PROGRAM_SECRETS.indexKeys.join(','),
    // Every request of a scenario comes from an address of its own where limits count addresses.
    TRUSTED_PROXIES: '127.0.0.1',
  };
}
