import { mkdirSync, openSync, closeSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely, sql, type RawBuilder } from 'kysely';
import { migrateToLatest } from './database.migrations.js';
import type { Schema } from './database.schema.js';
import { withinDeadline } from './deadline.js';
import { parseDatabaseUrl, type DatabaseLocation } from './database.url.js';
import { LibsqlDialect } from './libsql.dialect.js';
import { postgresDialect, postgresMigrationDialect } from './postgres.dialect.js';

const PING_TIMEOUT_MS = 1_000;
const STATEMENT_TIMEOUT_MS = 5_000;

export interface DatabaseOptions {
  /**
   * `sqlite:<path>`, `postgres://…` or `postgresql://…`, see {@link parseDatabaseUrl}.
   * @default the file latchkey.db in `dataDir`
   */
  url?: string;
  /**
   * Directory of the SQLite file when there is no `url`.
   * @default '.data'
   */
  dataDir?: string;
  /**
   * How long PostgreSQL may work on one statement, ms. An answer that is a second later than that is not waited for.
   * @default 5000
   */
  statementTimeoutMs?: number;
  /** Whether to wait at the start for a PostgreSQL that does not answer yet, instead of failing. @default false */
  waitForServer?: boolean;
}

/** The program's database: users, what their sessions have yet to be told, and the audit trail. */
export class Database {
  readonly kind: DatabaseLocation['kind'];
  readonly kysely: Kysely<Schema>;

  private readonly location: DatabaseLocation;

  /**
   * Connects when it is first used. An SQLite file is created readable for its owner only, its directory too.
   *
   * @throws DatabaseUrlError, and a file system error when the SQLite file cannot be created
   */
  constructor(options: DatabaseOptions = {}) {
    const location = parseDatabaseUrl(options.url, options.dataDir);
    this.location = location;
    this.kind = location.kind;
    if (location.kind === 'sqlite') createPrivateFile(location.path);
    this.kysely = new Kysely<Schema>({
      dialect:
        location.kind === 'sqlite'
          ? new LibsqlDialect(location.path)
          : postgresDialect(location.url, options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS),
    });
  }

  /**
   * Brings the schema up to date; see {@link migrateToLatest}.
   *
   * @returns the names of the migrations that ran
   * @throws DatabaseUnavailableError when the database does not answer
   */
  async migrate(): Promise<string[]> {
    if (this.location.kind === 'sqlite') return migrateToLatest(this.kysely);
    const kysely = new Kysely<Schema>({ dialect: postgresMigrationDialect(this.location.url) });
    try {
      return await migrateToLatest(kysely);
    } finally {
      await kysely.destroy();
    }
  }

  /**
   * Reads from the database, within a second.
   *
   * @throws DatabaseUnavailableError when it does not answer
   */
  async ping(): Promise<void> {
    await withinDeadline(PING_TIMEOUT_MS, this.kysely.selectFrom('users').select('id').limit(1).execute());
  }

  /** Where the database is, for people; no credentials. */
  get place(): string {
    if (this.location.kind === 'sqlite') return `SQLite file ${this.location.path}`;
    const { hostname, port, pathname, searchParams } = new URL(this.location.url);
    // `?host=` names the directory of a unix socket.
    const host = searchParams.get('host') ?? (hostname || 'localhost');
    return `PostgreSQL at ${host}:${port || '5432'}, database ${pathname.slice(1)}`;
  }

  /** The database's clock, ms since the epoch, as an expression: the one clock that all nodes share in SQL. */
  get nowMs(): RawBuilder<number> {
    return this.kind === 'sqlite'
      ? sql<number>`cast((julianday('now') - 2440587.5) * 86400000 as integer)`
      : sql<number>`cast(extract(epoch from clock_timestamp()) * 1000 as bigint)`;
  }

  /** Closes every connection, within about two seconds even when the server hangs. */
  async close(): Promise<void> {
    await this.kysely.destroy();
  }
}

function createPrivateFile(path: string): void {
  if (path === ':memory:') return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // SQLite gives its -wal and -shm files the mode of this one.
  closeSync(openSync(path, 'a', 0o600));
}
