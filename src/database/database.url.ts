import { resolve } from 'node:path';

/** Where the database is. */
export type DatabaseLocation = { kind: 'sqlite'; path: string } | { kind: 'postgres'; url: string };

/** `DATABASE_URL` is of no form that is understood. The message never contains the value, which may hold a password. */
export class DatabaseUrlError extends Error {
  constructor() {
    super(
      'DATABASE_URL must be sqlite:<path>, postgres://… or postgresql://…; leave it out for a file in DATA_DIR.',
    );
  }
}

/**
 * Reads `DATABASE_URL`: `sqlite:<path>` (relative to the working directory, or `sqlite::memory:`), `postgres://…` or
 * `postgresql://…`. Undefined or empty means the file `latchkey.db` in `dataDir`.
 *
 * @throws DatabaseUrlError
 */
export function parseDatabaseUrl(url: string | undefined, dataDir = '.data'): DatabaseLocation {
  if (!url) return { kind: 'sqlite', path: resolve(dataDir, 'latchkey.db') };
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url)) return { kind: 'postgres', url };
  const path = /^sqlite:(?:\/\/(?=\/))?(.+)$/.exec(url)?.[1];
  if (path === undefined || path.startsWith('//')) throw new DatabaseUrlError();
  return { kind: 'sqlite', path: path === ':memory:' ? path : resolve(path) };
}
