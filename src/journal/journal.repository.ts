import { Injectable } from '@nestjs/common';
import { sql, type Kysely, type Selectable } from 'kysely';
import { Database, type RevocationJournalTable, type Schema } from '../database/index.js';
import type { JournalEntry } from '../session/index.js';

/** An entry and its place among the others. */
export interface StoredEntry {
  at: number;
  id: string;
  entry: JournalEntry;
}

/** Every SQL statement on the journal. Times are of the database's clock, which all nodes share. */
@Injectable()
export class JournalRepository {
  private readonly kysely: Kysely<Schema>;

  constructor(private readonly database: Database) {
    this.kysely = database.kysely;
  }

  /** @param id of the entry; one that is there already stays */
  async insert(id: string, entry: JournalEntry): Promise<void> {
    const { nowMs } = this.database;
    await this.kysely
      .insertInto('revocation_journal')
      .values({
        id,
        at: nowMs,
        expires_at: sql<number>`${nowMs} + ${sql.lit(Math.ceil(entry.forMs))}`,
        kind: entry.kind,
        tag: entry.kind === 'everyone' ? null : entry.tag,
        digest: entry.kind === 'one' ? entry.digest : (entry.keep ?? null),
        value: entry.kind === 'all' ? entry.generation : entry.kind === 'everyone' ? entry.epoch : null,
      })
      .onConflict((conflict) => conflict.column('id').doNothing())
      .execute();
  }

  /**
   * What was written then or later and still matters, the oldest first, behind `after`. What has expired would end sessions
   * that were made since.
   */
  async list(sinceMs: number, limit: number, after?: Pick<StoredEntry, 'at' | 'id'>): Promise<StoredEntry[]> {
    let select = this.kysely
      .selectFrom('revocation_journal')
      .selectAll()
      .where('at', '>=', Math.floor(sinceMs))
      .where('expires_at', '>', this.database.nowMs)
      .orderBy('at')
      .orderBy('id')
      .limit(limit);
    if (after) select = select.where((eb) => eb(eb.refTuple('at', 'id'), '>', eb.tuple(after.at, after.id)));
    return (await select.execute()).map((row) => ({ at: row.at, id: row.id, entry: toEntry(row) }));
  }

  /** The database's clock, ms since the epoch. */
  async nowMs(): Promise<number> {
    const { rows } = await sql<{ now: number }>`select ${this.database.nowMs} as now`.execute(this.kysely);
    return Number(rows[0]?.now);
  }

  /** Deletes at most `limit` entries that no session can be affected by any more. @returns how many */
  async deleteExpired(limit: number): Promise<number> {
    const expired = this.kysely
      .selectFrom('revocation_journal')
      .select('id')
      .where('expires_at', '<=', this.database.nowMs)
      .limit(limit);
    const result = await this.kysely
      .deleteFrom('revocation_journal')
      .where('id', 'in', expired)
      .executeTakeFirst();
    return Number(result.numDeletedRows);
  }
}

function toEntry(row: Selectable<RevocationJournalTable>): JournalEntry {
  const forMs = row.expires_at - row.at;
  const keep = row.digest ?? undefined;
  if (row.kind === 'everyone') return { kind: 'everyone', epoch: Number(row.value), keep, forMs };
  const tag = row.tag ?? '';
  return row.kind === 'all'
    ? { kind: 'all', tag, generation: Number(row.value), keep, forMs }
    : { kind: 'one', tag, digest: row.digest ?? '', forMs };
}
