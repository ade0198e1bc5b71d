import { Injectable } from '@nestjs/common';
import type { Kysely } from 'kysely';
import type { SessionSample, SessionSamples } from '../admin/index.js';
import { Database, type Schema } from '../database/index.js';

/** Every SQL statement on the samples of live sessions. A row without a number is one that is being taken. */
@Injectable()
export class SessionSamplesRepository implements SessionSamples {
  private readonly kysely: Kysely<Schema>;

  constructor(database: Database) {
    this.kysely = database.kysely;
  }

  /** @see SessionSamples.claim */
  async claim(atMs: number): Promise<boolean> {
    const { numInsertedOrUpdatedRows } = await this.kysely
      .insertInto('session_samples')
      .values({ at: atMs, live_sessions: null })
      .onConflict((conflict) => conflict.column('at').doNothing())
      .executeTakeFirst();
    return Number(numInsertedOrUpdatedRows) === 1;
  }

  /** @see SessionSamples.settle */
  async settle(atMs: number, liveSessions: number | null): Promise<void> {
    if (liveSessions === null)
      await this.kysely.deleteFrom('session_samples').where('at', '=', atMs).execute();
    else {
      const row = { live_sessions: liveSessions };
      await this.kysely.updateTable('session_samples').set(row).where('at', '=', atMs).execute();
    }
  }

  /** @see SessionSamples.list */
  async list(fromMs: number): Promise<SessionSample[]> {
    const rows = await this.kysely
      .selectFrom('session_samples')
      .selectAll()
      .where('at', '>=', fromMs)
      .orderBy('at')
      .execute();
    return rows.flatMap(({ at, live_sessions: liveSessions }) =>
      liveSessions === null ? [] : [{ atMs: at, liveSessions }],
    );
  }

  /** @see SessionSamples.deleteBefore */
  async deleteBefore(beforeMs: number): Promise<void> {
    await this.kysely.deleteFrom('session_samples').where('at', '<', beforeMs).execute();
  }
}
