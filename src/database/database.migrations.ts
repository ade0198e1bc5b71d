import { Migrator, sql, type Kysely, type Migration, type MigrationProvider } from 'kysely';

// Written with the column types that mean the same on SQLite and PostgreSQL: text, integer, bigint.
const migrations: Record<string, Migration> = {
  '0001-users': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('users')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('email', 'text', (column) => column.notNull().unique())
        .addColumn('display_name', 'text')
        .addColumn('password_hash', 'text', (column) => column.notNull())
        .addColumn('roles', 'text', (column) => column.notNull())
        .addColumn('is_admin', 'integer', (column) => column.notNull())
        .addColumn('disabled', 'integer', (column) => column.notNull())
        .addColumn('version', 'bigint', (column) => column.notNull())
        .addColumn('search_text', 'text', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .addColumn('updated_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('users_by_age').on('users').columns(['created_at', 'id']).execute();
      await db.schema
        .createIndex('users_admins')
        .on('users')
        .column('id')
        .where(sql`is_admin`, '=', 1)
        .execute();
      await db.schema
        .createTable('session_outbox')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('user_id', 'text', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('not_before', 'bigint', (column) => column.notNull())
        .addColumn('created_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema.createIndex('session_outbox_due').on('session_outbox').column('not_before').execute();
      await db.schema.createIndex('session_outbox_of_user').on('session_outbox').column('user_id').execute();
    },
  },
  '0002-audit-events': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('audit_events')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('type', 'text', (column) => column.notNull())
        .addColumn('user_id', 'text')
        .addColumn('actor_id', 'text')
        .addColumn('session_id', 'text')
        .addColumn('ip', 'text')
        .addColumn('user_agent', 'text')
        .addColumn('request_id', 'text')
        .addColumn('detail', 'text')
        .execute();
      await db.schema.createIndex('audit_events_by_time').on('audit_events').columns(['at', 'id']).execute();
      await db.schema
        .createIndex('audit_events_of_user')
        .on('audit_events')
        .columns(['user_id', 'at', 'id'])
        .execute();
      await db.schema
        .createIndex('audit_events_of_type')
        .on('audit_events')
        .columns(['type', 'at', 'id'])
        .execute();
    },
  },
  '0003-one-time-tokens': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('one_time_tokens')
        .addColumn('slot', 'text', (column) => column.primaryKey().notNull())
        .addColumn('digest', 'text', (column) => column.notNull())
        .addColumn('payload', 'text', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .execute();
      await db.schema
        .createIndex('one_time_tokens_by_expiry')
        .on('one_time_tokens')
        .column('expires_at')
        .execute();
    },
  },
  '0004-audit-event-count': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema.alterTable('audit_events').addColumn('count', 'integer').execute();
    },
  },
  '0005-revocation-journal': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('revocation_journal')
        .addColumn('id', 'text', (column) => column.primaryKey().notNull())
        .addColumn('at', 'bigint', (column) => column.notNull())
        .addColumn('expires_at', 'bigint', (column) => column.notNull())
        .addColumn('kind', 'text', (column) => column.notNull())
        .addColumn('tag', 'text')
        .addColumn('digest', 'text')
        .addColumn('value', 'bigint')
        .execute();
      await db.schema
        .createIndex('revocation_journal_by_time')
        .on('revocation_journal')
        .columns(['at', 'id'])
        .execute();
      await db.schema
        .createIndex('revocation_journal_by_expiry')
        .on('revocation_journal')
        .column('expires_at')
        .execute();
    },
  },
  '0006-session-samples': {
    async up(db: Kysely<unknown>): Promise<void> {
      await db.schema
        .createTable('session_samples')
        .addColumn('at', 'bigint', (column) => column.primaryKey().notNull())
        .addColumn('live_sessions', 'bigint')
        .execute();
    },
  },
};

const provider: MigrationProvider = { getMigrations: () => Promise.resolve(migrations) };

/**
 * Brings the schema up to date, in one transaction. Safe to call from several processes at once: they take turns.
 *
 * @returns the names of the migrations that this call ran
 * @throws what the database says, and an error when the database was migrated by a newer version of the program
 */
export async function migrateToLatest<T>(db: Kysely<T>): Promise<string[]> {
  const { error, results = [] } = await new Migrator({ db, provider }).migrateToLatest();
  if (error instanceof Error) throw error;
  if (error !== undefined) throw new Error('The migration failed.', { cause: error });
  return results.map((result) => result.migrationName);
}
