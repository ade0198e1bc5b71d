import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { EmailTakenError, type ChangeRecording, type PasswordHasher, type UserStore } from './auth/index.js';
import { ADMIN_ROLE } from './users/index.js';

export const FIRST_ADMIN_EMAIL = 'admin@example.com';

/** An account that was made just now, with the password that nobody has seen yet. */
export interface FirstAdmin {
  email: string;
  password: string;
  /** Where the password was written; undefined when it is to be shown on the terminal. */
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
  minLength: number;
}

/**
 * Makes the first admin of a development machine. Not for production, where an account nobody asked for is a hole.
 *
 * @returns null when there is an admin already, or somebody else has that e-mail.
 */
export async function createFirstAdmin(options: FirstAdminOptions): Promise<FirstAdmin | null> {
  if ((await options.users.countAdmins()) > 0) return null;
  const password = randomPassword(options.minLength);
  const passwordHash = await options.hasher.hash(password);
  try {
    const account = { email: FIRST_ADMIN_EMAIL, displayName: 'Admin', passwordHash, roles: [ADMIN_ROLE] };
    await options.users.create(account, options.recording);
  } catch (error) {
    if (error instanceof EmailTakenError) return null;
    throw error;
  }
  if (options.terminal) return { email: FIRST_ADMIN_EMAIL, password, passwordFile: undefined };
  const passwordFile = join(options.dataDir, 'admin-password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  return { email: FIRST_ADMIN_EMAIL, password, passwordFile };
}

/** At least 144 random bits, and long enough for the policy; without a character that a shell would touch. */
export function randomPassword(minLength: number): string {
  return randomBytes(Math.max(18, Math.ceil((minLength * 3) / 4))).toString('base64url');
}
