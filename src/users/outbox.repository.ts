import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { sql, type Kysely, type Selectable, type Transaction } from 'kysely';
import { Database, type Schema, type SessionOutboxTable } from '../database/index.js';

/** What a committed change still has to do to its user's sessions. */
export interface OutboxEntry {
  id: string;
  userId: string;
  /**
   * `principal`: open sessions learn the user's present state. `disable`: they learn it and end. `password`: they
   * end, except when the request that changed the password sees to that itself.
   */
  kind: SessionOutboxTable['kind'];
}

/** What is in the outbox. */
export interface OutboxBacklog {
  entries: number;
  /** 0 when there is none. */
  oldestAgeSeconds: number;
}

/** Every SQL statement on the outbox. Times are of the database's clock, which all nodes share. */
@Injectable()
export class OutboxRepository {
  private readonly kysely: Kysely<Schema>;

  constructor(private readonly database: Database) {
    this.kysely = database.kysely;
  }

  /**
   * Part of the transaction that makes the change, so that there is never one without the other.
   *
   * @param holdMs how long workers leave it to the caller
   */
  async add(
    transaction: Transaction<Schema>,
    userId: string,
    kind: OutboxEntry['kind'],
    holdMs = 0,
  ): Promise<OutboxEntry> {
    const id = randomBytes(16).toString('base64url');
    const { nowMs } = this.database;
    await transaction
      .insertInto('session_outbox')
      .values({
        id,
        user_id: userId,
        kind,
        not_before: sql<number>`${nowMs} + ${sql.lit(holdMs)}`,
        created_at: nowMs,
      })
      .execute();
    return { id, userId, kind };
  }

  /** What changes of roles and disabling have left to do for this user, whoever made them; the oldest first. */
  async listOfUser(userId: string): Promise<OutboxEntry[]> {
    const rows = await this.kysely
      .selectFrom('session_outbox')
      .selectAll()
      .where('user_id', '=', userId)
      .where('kind', '!=', 'password')
      .orderBy('created_at')
      .execute();
    return rows.map(toEntry);
  }

  /** Takes entries that are due, the longest waiting first; nobody else gets them for `leaseMs`. */
  async claim(limit: number, leaseMs: number): Promise<OutboxEntry[]> {
    const { nowMs } = this.database;
    const due = this.kysely
      .selectFrom('session_outbox')
      .select('id')
      .where('not_before', '<=', nowMs)
      .orderBy('not_before')
      .limit(limit);
    // Nearly always there is nothing to do, and asking costs no lock.
    if ((await due.limit(1).execute()).length === 0) return [];
    const rows = await this.kysely
      .updateTable('session_outbox')
      .set({ not_before: sql<number>`${nowMs} + ${sql.lit(leaseMs)}` })
      .where(
        'id',
        'in',
        due.$if(this.database.kind === 'postgres', (select) => select.forUpdate().skipLocked()),
      )
      .returningAll()
      .execute();
    return rows.map(toEntry);
  }

  /** Leaves entries to whichever worker comes next, `afterMs` from now at the earliest. */
  async release(entryIds: string[], afterMs = 0): Promise<void> {
    if (entryIds.length === 0) return;
    await this.kysely
      .updateTable('session_outbox')
      .set({ not_before: sql<number>`${this.database.nowMs} + ${sql.lit(afterMs)}` })
      .where('id', 'in', entryIds)
      .execute();
  }

  /** Takes an entry out: it has been done. */
  async delete(entryId: string): Promise<void> {
    await this.kysely.deleteFrom('session_outbox').where('id', '=', entryId).execute();
  }

  /** How many there are, of those written up to then if a time is given. */
  async count(untilMs?: number): Promise<number> {
    const row = await this.kysely
      .selectFrom('session_outbox')
      .select((eb) => eb.fn.countAll<number>().as('entries'))
      .$if(untilMs !== undefined, (select) => select.where('created_at', '<=', untilMs as number))
      .executeTakeFirstOrThrow();
    return row.entries;
  }

  /** How much waits, and for how long. */
  async backlog(): Promise<OutboxBacklog> {
    const { entries, age } = await this.kysely
      .selectFrom('session_outbox')
      .select((eb) => [
        eb.fn.countAll<number>().as('entries'),
        sql<number | null>`${this.database.nowMs} - min(created_at)`.as('age'),
      ])
      .executeTakeFirstOrThrow();
    return { entries, oldestAgeSeconds: Math.max(0, age ?? 0) / 1_000 };
  }

  /** When the youngest entry was written; null when there is none. */
  async newestMs(): Promise<number | null> {
    const row = await this.kysely
      .selectFrom('session_outbox')
      .select((eb) => eb.fn.max('created_at').as('newest'))
      .executeTakeFirstOrThrow();
    return row.newest;
  }
}

function toEntry(row: Selectable<SessionOutboxTable>): OutboxEntry {
  return { id: row.id, userId: row.user_id, kind: row.kind };
}
