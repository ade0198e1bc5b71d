import { randomUUID } from 'node:crypto';
import {
  type ChangePasswordOptions,
  EmailTakenError,
  type NewUser,
  PasswordChangedError,
  type SessionPrincipal,
  UnknownUserError,
  type UserCredentials,
  UserStore,
} from 'latchkey';

/** The accounts, in memory. A service has a table for them. */
export class Accounts extends UserStore {
  private readonly accounts = new Map<string, UserCredentials>();

  async findByEmail(email: string): Promise<{ id: string } | null> {
    return [...this.accounts.values()].find(({ user }) => user.email === email)?.user ?? null;
  }

  async findCredentials(userId: string): Promise<UserCredentials | null> {
    return this.accounts.get(userId) ?? null;
  }

  async create({ email, displayName, passwordHash, roles }: NewUser): Promise<SessionPrincipal> {
    if (await this.findByEmail(email)) throw new EmailTakenError();
    const createdAt = new Date().toISOString();
    const user = { id: randomUUID(), email, displayName, roles, disabled: false, createdAt };
    this.accounts.set(user.id, { user, passwordHash, version: 1 });
    return user;
  }

  async rehash(userId: string, oldHash: string, newHash: string): Promise<void> {
    const account = this.accounts.get(userId);
    if (account?.passwordHash === oldHash) this.accounts.set(userId, { ...account, passwordHash: newHash });
  }

  async changePassword(userId: string, newHash: string, options: ChangePasswordOptions = {}): Promise<void> {
    const account = this.accounts.get(userId);
    if (!account) throw new UnknownUserError();
    const { expectedHash = account.passwordHash, apply } = options;
    if (expectedHash !== account.passwordHash) throw new PasswordChangedError();
    this.accounts.set(userId, { ...account, passwordHash: newHash, version: account.version + 1 });
    await apply?.(); // ends the sessions made before
  }
}
