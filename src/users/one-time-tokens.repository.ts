import { Injectable } from '@nestjs/common';
import { sql, type Kysely } from 'kysely';
import type { OneTimeTokenRecord, OneTimeTokenStore } from '../auth/index.js';
import { Database, type Schema } from '../database/index.js';

/** Every SQL statement on one-time tokens. Times are of the database's clock, which all nodes share. */
@Injectable()
export class OneTimeTokensRepository implements OneTimeTokenStore {
  private readonly kysely: Kysely<Schema>;

  constructor(private readonly database: Database) {
    this.kysely = database.kysely;
  }

  /** @see OneTimeTokenStore.put */
  async put({ slot, digest, payload }: OneTimeTokenRecord, lifetimeMs: number): Promise<void> {
    const expiresAt = sql<number>`${this.database.nowMs} + ${sql.lit(lifetimeMs)}`;
    await this.kysely
      .insertInto('one_time_tokens')
      .values({ slot, digest, payload, expires_at: expiresAt })
      .onConflict((conflict) =>
        conflict.column('slot').doUpdateSet((row) => ({
          digest: row.ref('excluded.digest'),
          payload: row.ref('excluded.payload'),
          expires_at: row.ref('excluded.expires_at'),
        })),
      )
      .execute();
  }

  /** @see OneTimeTokenStore.find */
  async find(slot: string, digest: string): Promise<string | null> {
    const row = await this.kysely
      .selectFrom('one_time_tokens')
      .select('payload')
      .where('slot', '=', slot)
      .where('digest', '=', digest)
      .where('expires_at', '>', this.database.nowMs)
      .executeTakeFirst();
    return row?.payload ?? null;
  }

  /** @see OneTimeTokenStore.take */
  async take(slot: string, digest: string): Promise<string | null> {
    const row = await this.kysely
      .deleteFrom('one_time_tokens')
      .where('slot', '=', slot)
      .where('digest', '=', digest)
      .where('expires_at', '>', this.database.nowMs)
      .returning('payload')
      .executeTakeFirst();
    return row?.payload ?? null;
  }

  /** Deletes at most `limit` tokens that have expired. @returns how many */
  async deleteExpired(limit: number): Promise<number> {
    const expired = this.kysely
      .selectFrom('one_time_tokens')
      .select('slot')
      .where('expires_at', '<=', this.database.nowMs)
      .limit(limit);
    const result = await this.kysely
      .deleteFrom('one_time_tokens')
      .where('slot', 'in', expired)
      // One that was replaced meanwhile lives.
      .where('expires_at', '<=', this.database.nowMs)
      .executeTakeFirst();
    return Number(result.numDeletedRows);
  }
}
