import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import {
  type ChangePasswordOptions,
  EmailTakenError,
  type NewUser,
  PasswordChangedError,
  SessionService,
  UnknownUserError,
  type UserCredentials,
  UserStore,
} from 'latchkey';
import type { Customer } from './customer.js';

interface Row extends Customer {
  passwordHash: string | null;
  version: number;
}

/** The shop's customers. A table belongs here; a Map shows what is asked of it. */
@Injectable()
export class Customers extends UserStore {
  private readonly rows = new Map<string, Row>();

  constructor(private readonly sessions: SessionService) {
    super();
  }

  find(id: string): Customer | null {
    return this.rows.get(id) ?? null;
  }

  async findByEmail(email: string): Promise<Customer | null> {
    return [...this.rows.values()].find((row) => row.email === email) ?? null;
  }

  async findCredentials(id: string): Promise<UserCredentials | null> {
    const row = this.rows.get(id);
    return row ? { user: row, passwordHash: row.passwordHash, version: row.version } : null;
  }

  async create({ email, displayName, passwordHash, roles }: NewUser): Promise<Customer> {
    if (await this.findByEmail(email)) throw new EmailTakenError();
    const createdAt = new Date().toISOString();
    const about = { id: randomUUID(), email, displayName, roles, disabled: false, createdAt };
    const row: Row = { ...about, plan: 'free', passwordHash, version: 1 };
    this.rows.set(row.id, row);
    return row;
  }

  async rehash(id: string, oldHash: string, newHash: string): Promise<void> {
    const row = this.rows.get(id);
    if (row?.passwordHash === oldHash) row.passwordHash = newHash;
  }

  async changePassword(id: string, newHash: string, options: ChangePasswordOptions = {}): Promise<void> {
    const row = this.rows.get(id);
    if (!row) throw new UnknownUserError();
    const { expectedHash, apply } = options;
    if (expectedHash !== undefined && expectedHash !== row.passwordHash) throw new PasswordChangedError();
    row.passwordHash = newHash;
    row.version += 1;
    await (apply ? apply() : this.sessions.revokeAll(id));
  }

  async disable(id: string): Promise<void> {
    await this.change(id, { disabled: true });
    await this.sessions.revokeAll(id);
  }

  async setRoles(id: string, roles: string[]): Promise<void> {
    await this.change(id, { roles });
  }

  private async change(id: string, changes: Partial<Customer>): Promise<void> {
    const row = this.rows.get(id);
    if (!row) throw new UnknownUserError();
    Object.assign(row, changes, { version: row.version + 1 });
    await this.sessions.setPrincipal(id, row, row.version);
  }
}
