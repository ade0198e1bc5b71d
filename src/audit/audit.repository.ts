import { Injectable } from '@nestjs/common';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { EventSearch, StoredEvent } from '../admin/index.js';
import type { SecurityEvent, SecurityEventType } from '../auth/index.js';
import { Database, type AuditEventsTable, type KeysetPosition, type Schema } from '../database/index.js';
import { escapeControls, plainText } from '../problem/index.js';
import { nextEventId } from './event-id.js';

// A client chooses its user agent; the trail keeps what tells devices apart.
const MAX_USER_AGENT = 256;
const MAX_SHORT_TEXT = 128;
const MAX_DETAIL = 4_096;

/** Every SQL statement on the trail. */
@Injectable()
export class AuditRepository {
  private readonly kysely: Kysely<Schema>;

  constructor(database: Database) {
    this.kysely = database.kysely;
  }

  /**
   * Writes a row, or adds to the one that is there when the event has a `repeat` of its id.
   * @param kysely a transaction that the event is to be part of
   */
  async insert(event: SecurityEvent, kysely: Kysely<Schema> = this.kysely): Promise<void> {
    const at = Date.now();
    const values: AuditEventsTable = {
      id: event.repeat?.id ?? nextEventId(at),
      at,
      type: event.type,
      user_id: event.userId,
      actor_id: event.actorId,
      session_id: cut(event.sessionId, MAX_SHORT_TEXT),
      ip: cut(event.ip, MAX_SHORT_TEXT),
      user_agent: cut(event.userAgent, MAX_USER_AGENT),
      request_id: cut(event.requestId, MAX_SHORT_TEXT),
      detail: event.detail === undefined ? null : detailText(event.detail),
      count: event.repeat?.count ?? null,
    };
    let insert = kysely.insertInto('audit_events').values(values);
    if (event.repeat) {
      insert = insert.onConflict((conflict) =>
        conflict.column('id').doUpdateSet((eb) => ({
          count: eb('audit_events.count', '+', eb.ref('excluded.count')),
          user_id: eb.fn.coalesce('audit_events.user_id', 'excluded.user_id'),
        })),
      );
    }
    await insert.execute();
  }

  /** The newest first, from `after` on. */
  async list(
    filter: Pick<EventSearch, 'userId' | 'type'>,
    limit: number,
    after?: KeysetPosition,
  ): Promise<StoredEvent[]> {
    const { userId, type } = filter;
    // No user's id has U+0000 in it, and PostgreSQL takes no text with it.
    if (userId?.includes('\0')) return [];
    let select = this.kysely
      .selectFrom('audit_events')
      .selectAll()
      .orderBy('at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit);
    if (userId !== undefined) select = select.where('user_id', '=', userId);
    if (type !== undefined) select = select.where('type', '=', type);
    if (after) select = select.where((eb) => eb(eb.refTuple('at', 'id'), '<', eb.tuple(after.at, after.id)));
    return (await select.execute()).map(toEvent);
  }

  /** The event of this id. */
  async find(id: string): Promise<StoredEvent | null> {
    const row = await this.kysely
      .selectFrom('audit_events')
      .selectAll()
      .where('id', '=', id)
      .executeTakeFirst();
    return row ? toEvent(row) : null;
  }

  /** The oldest first, at or after a moment, or behind an event. */
  async listFrom({ atMs, id }: { atMs: number; id?: string }, limit: number): Promise<StoredEvent[]> {
    let select = this.kysely
      .selectFrom('audit_events')
      .selectAll()
      .where('at', '>=', atMs)
      .orderBy('at')
      .orderBy('id')
      .limit(limit);
    if (id !== undefined) select = select.where((eb) => eb(eb.refTuple('at', 'id'), '>', eb.tuple(atMs, id)));
    return (await select.execute()).map(toEvent);
  }

  /** How many there are of each type in each stretch of time that has any. */
  async countByTime(
    types: readonly SecurityEventType[],
    sinceMs: number,
    stretchMs: number,
  ): Promise<{ atMs: number; type: SecurityEventType; events: number }[]> {
    // Of integers, which both databases divide without a rest.
    const stretch = sql<number>`${sql.ref('at')} / ${sql.lit(stretchMs)}`;
    const rows = await this.kysely
      .selectFrom('audit_events')
      .select([
        'type',
        stretch.as('stretch'),
        sql<number>`sum(coalesce(${sql.ref('count')}, 1))`.as('events'),
      ])
      .where('type', 'in', [...types])
      .where('at', '>=', sinceMs)
      .groupBy(['type', stretch])
      .execute();
    return rows.map(({ type, stretch: at, events }) => ({
      atMs: Number(at) * stretchMs,
      type: type as SecurityEventType,
      events: Number(events),
    }));
  }

  /** How many there are of each type that has any. */
  async countSince(types: readonly SecurityEventType[], sinceMs: number): Promise<Record<string, number>> {
    if (types.length === 0) return {};
    const rows = await this.kysely
      .selectFrom('audit_events')
      .select((eb) => ['type', eb.fn.countAll<number>().as('events')])
      .where('type', 'in', [...types])
      .where('at', '>=', sinceMs)
      .groupBy('type')
      .execute();
    return Object.fromEntries(rows.map((row) => [row.type, row.events]));
  }

  /** Deletes at most `limit` events from before `beforeMs`. @returns how many */
  async deleteBefore(beforeMs: number, limit: number): Promise<number> {
    const old = this.kysely
      .selectFrom('audit_events')
      .select('id')
      .where('at', '<', beforeMs)
      .orderBy('at')
      .limit(limit);
    const result = await this.kysely.deleteFrom('audit_events').where('id', 'in', old).executeTakeFirst();
    return Number(result.numDeletedRows);
  }
}

function toEvent(row: Selectable<AuditEventsTable>): StoredEvent {
  return {
    id: row.id,
    at: new Date(row.at).toISOString(),
    type: row.type as SecurityEventType,
    userId: row.user_id,
    actorId: row.actor_id,
    sessionId: row.session_id ?? undefined,
    ip: row.ip ?? undefined,
    userAgent: row.user_agent ?? undefined,
    requestId: row.request_id ?? undefined,
    detail: detailOf(row),
  };
}

function detailOf({ detail, count }: Selectable<AuditEventsTable>): StoredEvent['detail'] {
  if (detail === null && count === null) return undefined;
  const told = detail === null ? {} : (JSON.parse(detail) as StoredEvent['detail']);
  return count === null ? told : { ...told, count };
}

function cut(text: string | undefined, maxLength: number): string | null {
  return text === undefined ? null : plainText(text, maxLength);
}

function detailText(detail: NonNullable<SecurityEvent['detail']>): string {
  const text = escapeControls(JSON.stringify(detail));
  return text.length <= MAX_DETAIL ? text : JSON.stringify({ omitted: `${text.length} characters` });
}
