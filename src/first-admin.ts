import { createHash, randomBytes } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EmailTakenError, type ChangeRecording, type PasswordHasher, type UserStore } from './auth/index.js';
import { ADMIN_ROLE } from './users/index.js';

export const FIRST_ADMIN_EMAIL = 'admin@example.com';

/** The admin that a first start makes. */
export interface FirstAdmin {
  email: string;
  /** Only at the start that made it, when it is to be shown on the terminal. */
  password: string | undefined;
  /** Where the password was written, by this start or an earlier one; it may have been changed since. */
  passwordFile: string | undefined;
}

export interface FirstAdminOptions {
  users: Pick<UserStore, 'create'> & { countAdmins(): Promise<number> };
  hasher: Pick<PasswordHasher, 'hash'>;
  /** The account's way into the trail. */
  recording?: ChangeRecording;
  /** Whether somebody sits at the terminal; if not, output may end in a log that others read. */
  terminal: boolean;
  dataDir: string;
  /** Several databases may share a data directory; each has its own admin. */
  databaseUrl: string;
  minLength: number;
}

/**
 * Makes the first admin of a development machine. Not for production, where an account nobody asked for is a hole.
 *
 * @returns null when there is an admin already of whom no file is left, or somebody else has that e-mail.
 */
export async function createFirstAdmin(options: FirstAdminOptions): Promise<FirstAdmin | null> {
  const passwordFile = passwordFileOf(options);
  if ((await options.users.countAdmins()) > 0) {
    return existsSync(passwordFile) ? { email: FIRST_ADMIN_EMAIL, password: undefined, passwordFile } : null;
  }
  const password = randomPassword(options.minLength);
  const passwordHash = await options.hasher.hash(password);
  try {
    const account = { email: FIRST_ADMIN_EMAIL, displayName: 'Admin', passwordHash, roles: [ADMIN_ROLE] };
    await options.users.create(account, options.recording);
  } catch (error) {
    if (error instanceof EmailTakenError) return null;
    throw error;
  }
  if (options.terminal) {
    // Of an account that is gone with its database.
    rmSync(passwordFile, { force: true });
    return { email: FIRST_ADMIN_EMAIL, password, passwordFile: undefined };
  }
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  return { email: FIRST_ADMIN_EMAIL, password: undefined, passwordFile };
}

/** `admin-password` for the database of the data directory itself, else with a name that follows from the URL. */
function passwordFileOf({
  dataDir,
  databaseUrl,
}: Pick<FirstAdminOptions, 'dataDir' | 'databaseUrl'>): string {
  const name = createHash('sha256').update(databaseUrl).digest('hex').slice(0, 8);
  const own = databaseUrl === `sqlite:${join(dataDir, 'latchkey.db')}`;
  return join(dataDir, own ? 'admin-password' : `admin-password-${name}`);
}

/** At least 144 random bits, and long enough for the policy; without a character that a shell would touch. */
export function randomPassword(minLength: number): string {
  return randomBytes(Math.max(18, Math.ceil((minLength * 3) / 4))).toString('base64url');
}
