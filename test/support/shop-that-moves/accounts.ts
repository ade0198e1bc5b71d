import { createHmac, randomUUID } from 'node:crypto';
import {
  type ChangePasswordOptions,
  EmailTakenError,
  type NewUser,
  PasswordChangedError,
  type SessionPrincipal,
  UnknownUserError,
  type UserCredentials,
  UserStore,
} from '../../../src/index.js';

/** Stands for the hash that an old application had: the point is that it is another one. */
export const oldHash = (password: string): string =>
  `$old$${createHmac('sha256', 'salt').update(password).digest('base64')}`;

/** The table of accounts that the old application and the new one share. */
export class Accounts extends UserStore {
  readonly rows = new Map<string, UserCredentials>();

  add(email: string, passwordHash: string): SessionPrincipal {
    const createdAt = new Date().toISOString();
    const user = { id: randomUUID(), email, displayName: null, roles: [], disabled: false, createdAt };
    this.rows.set(user.id, { user, passwordHash, version: 1 });
    return user;
  }

  async find(id: string): Promise<SessionPrincipal | null> {
    return this.rows.get(id)?.user ?? null;
  }

  async findByEmail(email: string): Promise<SessionPrincipal | null> {
    return [...this.rows.values()].find(({ user }) => user.email === email)?.user ?? null;
  }

  async findCredentials(id: string): Promise<UserCredentials | null> {
    return this.rows.get(id) ?? null;
  }

  async create({ email, passwordHash }: NewUser): Promise<SessionPrincipal> {
    if (await this.findByEmail(email)) throw new EmailTakenError();
    return this.add(email, passwordHash);
  }

  async rehash(id: string, expected: string, passwordHash: string): Promise<void> {
    const row = this.rows.get(id);
    if (row?.passwordHash === expected) this.rows.set(id, { ...row, passwordHash });
  }

  async changePassword(id: string, passwordHash: string, options: ChangePasswordOptions = {}): Promise<void> {
    const row = this.rows.get(id);
    if (!row) throw new UnknownUserError();
    const { expectedHash = row.passwordHash, apply } = options;
    if (expectedHash !== row.passwordHash) throw new PasswordChangedError();
    this.rows.set(id, { ...row, passwordHash, version: row.version + 1 });
    await apply?.();
  }
}
