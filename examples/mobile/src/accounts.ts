import { randomUUID } from 'node:crypto';
import {
  type ChangePasswordOptions,
  EmailTakenError,
  type NewUser,
  PasswordChangedError,
  UnknownUserError,
  type UserCredentials,
  UserStore,
} from 'latchkey';

/** The accounts, in memory. A service has a table for them. */
export class Accounts extends UserStore {
  private readonly rows = new Map<string, UserCredentials>();

  async findByEmail(email: string) {
    return [...this.rows.values()].find(({ user }) => user.email === email)?.user ?? null;
  }

  async findCredentials(userId: string) {
    return this.rows.get(userId) ?? null;
  }

  async create({ email, displayName, roles, passwordHash }: NewUser) {
    if (await this.findByEmail(email)) throw new EmailTakenError();
    const createdAt = new Date().toISOString();
    const user = { id: randomUUID(), email, displayName, roles, disabled: false, createdAt };
    this.rows.set(user.id, { user, passwordHash, version: 1 });
    return user;
  }

  rehash = async () => undefined; // hashes here are never older than the program

  async changePassword(userId: string, passwordHash: string, options: ChangePasswordOptions = {}) {
    const row = this.rows.get(userId);
    if (!row) throw new UnknownUserError();
    const { expectedHash = row.passwordHash, apply } = options;
    if (expectedHash !== row.passwordHash) throw new PasswordChangedError();
    this.rows.set(userId, { ...row, passwordHash, version: row.version + 1 });
    await apply?.(); // ends the sessions made before
  }
}
