import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { EmailTakenError, type NewUser } from '../auth/index.js';
import {
  Database,
  isUniqueViolation,
  type KeysetPosition,
  type Schema,
  type UsersTable,
} from '../database/index.js';
import { ADMIN_ROLE } from './user-roles.js';
import { isEnabledAdmin, type User } from './user.js';

/** Every SQL statement on the table of users. */
@Injectable()
export class UsersRepository {
  private readonly kysely: Kysely<Schema>;

  constructor(private readonly database: Database) {
    this.kysely = database.kysely;
  }

  /** @param email normalised */
  async findByEmail(email: string): Promise<User | null> {
    if (!storable(email)) return null;
    const row = await this.kysely
      .selectFrom('users')
      .selectAll()
      .where('email', '=', email)
      .executeTakeFirst();
    return row ? toUser(row) : null;
  }

  async findById(userId: string): Promise<User | null> {
    if (!storable(userId)) return null;
    const row = await this.kysely.selectFrom('users').selectAll().where('id', '=', userId).executeTakeFirst();
    return row ? toUser(row) : null;
  }

  /**
   * @param user e-mail normalised, roles as `normaliseRoles` returns them
   * @throws EmailTakenError when the e-mail is in use; the database decides, so also when two come at once
   */
  async insert(transaction: Transaction<Schema>, user: NewUser): Promise<User> {
    const now = Date.now();
    const id = randomBytes(16).toString('base64url');
    const created: User = { ...user, id, disabled: false, version: 1, createdAtMs: now };
    try {
      await transaction
        .insertInto('users')
        .values({ id, created_at: now, ...toColumns(created, now) })
        .execute();
    } catch (error) {
      if (isUniqueViolation(error)) throw new EmailTakenError({ cause: error });
      throw error;
    }
    return created;
  }

  /** Replaces a hash only while the old one is stored. Not a change that sessions hear of. */
  async replaceHash(userId: string, oldHash: string, newHash: string): Promise<void> {
    await this.kysely
      .updateTable('users')
      .set({ password_hash: newHash, updated_at: Date.now() })
      .where('id', '=', userId)
      .where('password_hash', '=', oldHash)
      .execute();
  }

  /**
   * The newest users first, from `after` on.
   *
   * @param query part of an e-mail or a name, in any case; empty for everybody
   */
  async search(query: string, limit: number, after?: KeysetPosition): Promise<User[]> {
    if (!storable(query)) return [];
    let select = this.kysely
      .selectFrom('users')
      .selectAll()
      .orderBy('created_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit);
    if (query) {
      // Without escaping, a % or _ in the query would match anything.
      const pattern = `%${toSearchText(query).replace(/[\\%_]/g, '\\$&')}%`;
      select = select.where(sql<boolean>`search_text like ${pattern} escape '\\'`);
    }
    if (after) {
      select = select.where((eb) => eb(eb.refTuple('created_at', 'id'), '<', eb.tuple(after.at, after.id)));
    }
    return (await select.execute()).map(toUser);
  }

  /** How many people there are, and how many of them can administrate. */
  async count(): Promise<{ users: number; enabledAdmins: number }> {
    const row = await this.kysely
      .selectFrom('users')
      .select((eb) => [
        eb.fn.countAll<number>().as('users'),
        eb.fn
          .countAll<number>()
          .filterWhere('is_admin', '=', 1)
          .filterWhere('disabled', '=', 0)
          .as('enabledAdmins'),
      ])
      .executeTakeFirstOrThrow();
    return row;
  }

  /** Reads a user for changing him: no other transaction changes him until this one ends. */
  async lock(transaction: Transaction<Schema>, userId: string): Promise<User | null> {
    return (await this.lockRows(transaction, userId, false)).find((user) => user.id === userId) ?? null;
  }

  /**
   * As {@link lock}, and holds every enabled admin as well, so that of two transactions that each take away one of
   * the last two admins the later one sees the earlier's.
   */
  async lockWithAdmins(
    transaction: Transaction<Schema>,
    userId: string,
  ): Promise<{ user: User | null; otherAdmins: number }> {
    const rows = await this.lockRows(transaction, userId, true);
    const others = rows.filter((row) => row.id !== userId && isEnabledAdmin(row));
    return { user: rows.find((row) => row.id === userId) ?? null, otherAdmins: others.length };
  }

  /** Stores what can be changed of a user that this transaction has locked. */
  async save(transaction: Transaction<Schema>, user: User): Promise<void> {
    await transaction
      .updateTable('users')
      .set(toColumns(user, Date.now()))
      .where('id', '=', user.id)
      .execute();
  }

  private async lockRows(
    transaction: Transaction<Schema>,
    userId: string,
    withAdmins: boolean,
  ): Promise<User[]> {
    if (!storable(userId)) return [];
    const rows = await transaction
      .selectFrom('users')
      .selectAll()
      .where((eb) =>
        withAdmins
          ? eb.or([eb('id', '=', userId), eb.and({ is_admin: 1, disabled: 0 })])
          : eb('id', '=', userId),
      )
      // One order for everybody, or two transactions could wait for each other.
      .orderBy('id')
      // An SQLite transaction holds the whole database from its beginning.
      .$if(this.database.kind === 'postgres', (select) => select.forUpdate())
      .execute();
    return rows.map(toUser);
  }
}

function toUser(row: Selectable<UsersTable>): User {
  return {
    id: row.id,
    email: row.email,
    displayName: row.display_name,
    passwordHash: row.password_hash,
    roles: JSON.parse(row.roles) as string[],
    disabled: row.disabled === 1,
    version: row.version,
    createdAtMs: row.created_at,
  };
}

function toColumns(user: User, nowMs: number): Omit<UsersTable, 'id' | 'created_at'> {
  return {
    email: user.email,
    display_name: user.displayName,
    password_hash: user.passwordHash,
    roles: JSON.stringify(user.roles),
    is_admin: user.roles.includes(ADMIN_ROLE) ? 1 : 0,
    disabled: user.disabled ? 1 : 0,
    version: user.version,
    search_text: toSearchText(`${user.email}\n${user.displayName ?? ''}`),
    updated_at: nowMs,
  };
}

// The databases' own lower() knows ASCII only (SQLite) or depends on the locale (PostgreSQL).
function toSearchText(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

// Neither database stores U+0000 in text: PostgreSQL refuses it, SQLite cuts there. So nothing is found by it either.
function storable(text: string): boolean {
  return !text.includes('\0');
}
