import { Injectable } from '@nestjs/common';
import type { Transaction } from 'kysely';
import {
  InvalidCursorError,
  LastAdminError,
  UserNotFoundError,
  type UserChanges,
  type UserDirectory,
  type UserPage,
  type UserSearch,
} from '../admin/index.js';
import { AuditRepository } from '../audit/index.js';
import {
  normaliseEmail,
  PasswordChangedError,
  UnknownUserError,
  type ChangePasswordOptions,
  type ChangeRecording,
  type NewUser,
  type SecurityEvent,
  type UserCredentials,
  type UserStore,
} from '../auth/index.js';
import { Database, decodeCursor, encodeCursor, type Schema } from '../database/index.js';
import type { SessionPrincipal } from '../session/index.js';
import { OutboxDelivery } from './outbox.delivery.js';
import { OutboxRepository, type OutboxEntry } from './outbox.repository.js';
import { normaliseRoles } from './user-roles.js';
import { isEnabledAdmin, toPrincipal, type User } from './user.js';
import { UsersRepository } from './users.repository.js';

/** How long a password change may take to reach the sessions itself before a worker ends all of them. */
const PASSWORD_HOLD_MS = 5_000;
/**
 * How long another change may take to reach the sessions itself. A worker that did it a second time could end the first
 * session after a disabling was taken back.
 */
const CHANGE_HOLD_MS = 2_000;
const MAX_PAGE = 100;

/**
 * The program's accounts, for logging in (`UserStore`) and for administration (`UserDirectory`). A change that open
 * sessions must learn of is written together with a note of that and with its events in the trail, in one transaction,
 * and brought to them before the call resolves. When they cannot be reached the call rejects, the change stands, and {@link OutboxWorker} brings it.
 *
 * Every method rejects with DatabaseUnavailableError when the database does not answer.
 */
@Injectable()
export class UsersService implements UserStore, UserDirectory {
  constructor(
    private readonly database: Database,
    private readonly users: UsersRepository,
    private readonly outbox: OutboxRepository,
    private readonly delivery: OutboxDelivery,
    private readonly trail: AuditRepository,
  ) {}

  /** @see UserStore.findByEmail */
  async findByEmail(email: string): Promise<{ id: string } | null> {
    const user = await this.users.findByEmail(normaliseEmail(email));
    return user && { id: user.id };
  }

  /** @see UserStore.findCredentials */
  async findCredentials(userId: string): Promise<UserCredentials | null> {
    const user = await this.users.findById(userId);
    return user && { user: toPrincipal(user), passwordHash: user.passwordHash, version: user.version };
  }

  /**
   * @see UserStore.create
   * @throws EmailTakenError
   * @throws {ProblemException} `VALIDATION_FAILED` when a role is none
   */
  async create(user: NewUser, recording?: ChangeRecording): Promise<SessionPrincipal> {
    const { displayName, passwordHash } = user;
    const [email, roles] = [normaliseEmail(user.email), normaliseRoles(user.roles)];
    return this.recorded(recording, async (transaction, record) => {
      const created = await this.users.insert(transaction, { email, displayName, passwordHash, roles });
      await record(created, created);
      return toPrincipal(created);
    });
  }

  /** @see UserStore.rehash */
  async rehash(userId: string, oldHash: string, newHash: string): Promise<void> {
    await this.users.replaceHash(userId, oldHash, newHash);
  }

  /**
   * @see UserStore.changePassword
   * @throws UnknownUserError
   * @throws PasswordChangedError
   */
  async changePassword(userId: string, newHash: string, options: ChangePasswordOptions = {}): Promise<void> {
    const { expectedHash, apply, recording } = options;
    const entry = await this.recorded(recording, async (transaction, record) => {
      const user = await this.users.lock(transaction, userId);
      if (!user) throw new UnknownUserError();
      if (expectedHash !== undefined && user.passwordHash !== expectedHash) throw new PasswordChangedError();
      await this.users.save(transaction, { ...user, passwordHash: newHash, version: user.version + 1 });
      await record(user, user);
      return this.outbox.add(transaction, userId, 'password', PASSWORD_HOLD_MS);
    });
    try {
      if (!apply) {
        const revocation = await this.delivery.deliver(entry);
        return recording?.ended?.(revocation);
      }
      await apply();
    } catch (error) {
      await this.leaveToWorkers([entry]);
      throw error;
    }
    await this.delivery.settle(entry);
  }

  /** @see UserDirectory.search, newest accounts first @throws InvalidCursorError */
  async search(search: UserSearch): Promise<UserPage> {
    const limit = Math.min(Math.max(1, Math.floor(search.limit)), MAX_PAGE);
    const after = search.cursor === undefined ? undefined : decodeCursor(search.cursor);
    if (after === null) throw new InvalidCursorError();
    // One more than asked for tells whether there is a next page.
    const found = await this.users.search(search.query?.trim() ?? '', limit + 1, after);
    const items = found.slice(0, limit);
    const last = items.at(-1);
    const nextCursor =
      last && found.length > limit ? encodeCursor({ at: last.createdAtMs, id: last.id }) : null;
    return { items: items.map(toPrincipal), nextCursor };
  }

  /** @see UserDirectory.find */
  async find(userId: string): Promise<SessionPrincipal | null> {
    const user = await this.users.findById(userId);
    return user && toPrincipal(user);
  }

  /** @see UserDirectory.count */
  async count(): Promise<number> {
    return (await this.users.count()).users;
  }

  /** How many enabled accounts have the admin role. */
  async countAdmins(): Promise<number> {
    return (await this.users.count()).enabledAdmins;
  }

  /**
   * @see UserDirectory.update
   * @throws UserNotFoundError
   * @throws LastAdminError
   * @throws {ProblemException} `VALIDATION_FAILED` when a role is none
   */
  async update(userId: string, changes: UserChanges, recording?: ChangeRecording): Promise<SessionPrincipal> {
    const roles = changes.roles && normaliseRoles(changes.roles);
    const user = await this.store(userId, { roles, disabled: changes.disabled }, recording);
    // Not only what this call wrote: a repetition after a 503 changes nothing any more, and must not answer before
    // the sessions know.
    await this.deliverAll(await this.outbox.listOfUser(userId), recording);
    return toPrincipal(user);
  }

  private async deliverAll(entries: OutboxEntry[], recording: ChangeRecording | undefined): Promise<void> {
    try {
      for (const entry of entries) {
        const revocation = await this.delivery.deliver(entry);
        recording?.ended?.(revocation);
      }
    } catch (error) {
      await this.leaveToWorkers(entries);
      throw error;
    }
  }

  /** If this fails too, workers take the entries when their time is over. */
  private async leaveToWorkers(entries: OutboxEntry[]): Promise<void> {
    await this.outbox.release(entries.map(({ id }) => id)).catch(() => undefined);
  }

  private async store(userId: string, changes: UserChanges, recording?: ChangeRecording): Promise<User> {
    return this.recorded(recording, async (transaction, record) => {
      const { user, otherAdmins } = await this.users.lockWithAdmins(transaction, userId);
      if (!user) throw new UserNotFoundError();
      const { roles = user.roles, disabled = user.disabled } = changes;
      if (disabled === user.disabled && roles.join() === user.roles.join()) return user;
      const changed = { ...user, roles, disabled, version: user.version + 1 };
      if (isEnabledAdmin(user) && !isEnabledAdmin(changed) && otherAdmins === 0) throw new LastAdminError();
      await this.users.save(transaction, changed);
      await this.outbox.add(transaction, userId, kindOf(user, changed), CHANGE_HOLD_MS);
      await record(changed, user);
      return changed;
    });
  }

  /** A transaction whose events are committed with it, and only with it. */
  private async recorded<T>(
    recording: ChangeRecording | undefined,
    work: (
      transaction: Transaction<Schema>,
      record: (after: User, before: User) => Promise<void>,
    ) => Promise<T>,
  ): Promise<T> {
    const events: SecurityEvent[] = [];
    const result = await this.database.kysely.transaction().execute((transaction) =>
      work(transaction, async (after, before) => {
        events.push(...(recording?.eventsOf(toPrincipal(after), toPrincipal(before)) ?? []));
        for (const event of events) await this.trail.insert(event, transaction);
      }),
    );
    recording?.committed(events);
    return result;
  }
}

function kindOf(before: User, after: User): OutboxEntry['kind'] {
  return after.disabled && !before.disabled ? 'disable' : 'principal';
}
