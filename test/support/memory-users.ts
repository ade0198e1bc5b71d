import {
  EmailTakenError,
  PasswordChangedError,
  UnknownUserError,
  UserStore,
  type ChangePasswordOptions,
  type NewUser,
  type UserCredentials,
} from '../../src/auth/index.js';
import type { SessionPrincipal } from '../../src/session/index.js';

/** The users of a host application: a UserStore in memory. */
export class MemoryUsers extends UserStore {
  readonly accounts = new Map<string, UserCredentials>();
  /** Ends every session of a user, where the host has none of its own ways. */
  revokeAll: (userId: string) => Promise<unknown> = () => Promise.resolve();

  async findByEmail(email: string): Promise<{ id: string } | null> {
    return [...this.accounts.values()].find(({ user }) => user.email === email)?.user ?? null;
  }

  async findCredentials(userId: string): Promise<UserCredentials | null> {
    return this.accounts.get(userId) ?? null;
  }

  async create({ email, displayName, passwordHash, roles }: NewUser): Promise<SessionPrincipal> {
    if (await this.findByEmail(email)) throw new EmailTakenError();
    const id = `user-${this.accounts.size + 1}`;
    const user = { id, email, displayName, roles, disabled: false, createdAt: '2026-01-01T00:00:00.000Z' };
    this.accounts.set(id, { user, passwordHash, version: 1 });
    return user;
  }

  async rehash(userId: string, oldHash: string, newHash: string): Promise<void> {
    const account = this.accounts.get(userId);
    if (account?.passwordHash === oldHash) this.accounts.set(userId, { ...account, passwordHash: newHash });
  }

  async changePassword(
    userId: string,
    newHash: string,
    { expectedHash, apply }: ChangePasswordOptions = {},
  ): Promise<void> {
    const account = this.accounts.get(userId);
    if (!account) throw new UnknownUserError();
    if (expectedHash !== undefined && expectedHash !== account.passwordHash) throw new PasswordChangedError();
    this.accounts.set(userId, { ...account, passwordHash: newHash, version: account.version + 1 });
    await (apply ? apply() : this.revokeAll(userId));
  }
}
