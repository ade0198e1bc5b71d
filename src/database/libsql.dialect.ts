import { setTimeout as delay } from 'node:timers/promises';
import Libsql from 'libsql';
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDialect,
  type DatabaseConnection,
  type DialectAdapter,
  type Driver,
  type QueryResult,
} from 'kysely';
import { codeOf, DatabaseUnavailableError } from './database.errors.js';

/** How long a statement waits for another process or connection that is writing. */
const LOCK_WAIT_MS = 2_000;
const LOCK_RETRY_MS = 5;

/**
 * Kysely on an SQLite file through libsql. libsql is synchronous: a statement blocks the process while it runs
 * (microseconds; a commit as long as the disk takes to flush). Waiting for somebody else's lock does not block.
 */
export class LibsqlDialect extends SqliteDialect {
  constructor(private readonly path: string) {
    super({ database: () => Promise.reject(new Error('LibsqlDialect has a driver of its own')) });
  }

  override createDriver(): Driver {
    return new LibsqlDriver(this.path);
  }

  override createAdapter(): DialectAdapter {
    return new LibsqlAdapter();
  }
}

class LibsqlAdapter extends SqliteAdapter {
  // SQLite's DDL is transactional; saying so makes the migrations of two processes take turns.
  override get supportsTransactionalDdl(): boolean {
    return true;
  }
}

/** One connection, lent to one user at a time, so that nobody's statements land in another's transaction. */
class LibsqlDriver implements Driver {
  private connection: LibsqlConnection | undefined;
  private lastInLine: Promise<void> = Promise.resolve();
  private release: () => void = () => undefined;

  constructor(private readonly path: string) {}

  init(): Promise<void> {
    this.connection = new LibsqlConnection(this.path);
    return Promise.resolve();
  }

  async acquireConnection(): Promise<DatabaseConnection> {
    if (!this.connection) throw new DatabaseUnavailableError();
    const before = this.lastInLine;
    let done: () => void = () => undefined;
    this.lastInLine = new Promise((resolve) => (done = resolve));
    await before;
    this.release = done;
    return this.connection;
  }

  releaseConnection(): Promise<void> {
    this.release();
    return Promise.resolve();
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    // A deferred transaction that reads first fails at its first write when another process wrote in between.
    await connection.executeQuery(CompiledQuery.raw('begin immediate'));
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('rollback'));
  }

  async destroy(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    await this.lastInLine;
    connection?.close();
  }
}

class LibsqlConnection implements DatabaseConnection {
  private database: Libsql.Database;

  constructor(private readonly path: string) {
    this.database = open(path);
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const parameters = query.parameters.map(bindable);
    try {
      const statement = this.database.prepare(query.sql);
      return await this.onceUnlocked(() => {
        if (statement.reader) return { rows: statement.all(parameters) as R[] };
        return { rows: [], numAffectedRows: BigInt(statement.run(parameters).changes) };
      });
    } catch (error) {
      throw translate(error);
    }
  }

  private async onceUnlocked<T>(run: () => T): Promise<T> {
    const deadline = performance.now() + LOCK_WAIT_MS;
    for (;;) {
      try {
        return run();
      } catch (error) {
        if (!isLocked(error)) throw error;
        if (performance.now() > deadline) {
          this.abandonStatement();
          throw error;
        }
      }
      await delay(LOCK_RETRY_MS);
    }
  }

  /**
   * A statement that met a lock stays under way until it is garbage, and no later transaction of its connection can
   * commit; libsql has no way to reset it. So the same statement is tried again, and at last its connection is left.
   */
  private abandonStatement(): void {
    if (this.database.inTransaction) return;
    const { database } = this;
    this.database = open(this.path);
    database.close();
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('Streaming is not supported on SQLite.');
  }

  /** libsql closes when its statements are garbage; a copy of the file must be whole when the program has ended. */
  close(): void {
    try {
      this.database.pragma('wal_checkpoint(TRUNCATE)');
    } catch {
      // Another process has it open, or it is gone: nothing is lost, the next one to open it reads the log, too.
    }
    this.database.close();
  }
}

function open(path: string): Libsql.Database {
  try {
    const database = new Libsql(path);
    // Another process may be opening the same new file.
    database.pragma(`busy_timeout = ${LOCK_WAIT_MS}`);
    database.pragma('journal_mode = WAL');
    // FULL: a change that was acknowledged is on the disk, also when the host loses power.
    database.pragma('synchronous = FULL');
    database.pragma('foreign_keys = ON');
    // From here on no waiting inside SQLite: it would block this process, and with it a transaction it waits for.
    database.pragma('busy_timeout = 0');
    return database;
  } catch (error) {
    throw new DatabaseUnavailableError({ cause: error });
  }
}

/** libsql aborts the whole process when a boolean is bound, stores undefined and NaN as null and cuts text at U+0000. */
function bindable(value: unknown): unknown {
  const text = typeof value === 'string' && !value.includes('\0');
  if (text || value === null || Number.isFinite(value)) return value;
  throw new TypeError(`This ${typeof value} cannot be stored in SQLite.`);
}

// https://www.sqlite.org/rescode.html: locked, out of memory, read-only, disk error, full, file gone, lock protocol.
const UNAVAILABLE = /^SQLITE_(BUSY|LOCKED|NOMEM|READONLY|IOERR|FULL|CANTOPEN|PROTOCOL)/;

function isLocked(error: unknown): boolean {
  return codeOf(error).startsWith('SQLITE_BUSY');
}

function translate(error: unknown): unknown {
  const closed = error instanceof TypeError && error.message.includes('not open');
  return closed || UNAVAILABLE.test(codeOf(error)) ? new DatabaseUnavailableError({ cause: error }) : error;
}
