import { Logger } from '@nestjs/common';
import { PostgresDialect, type PostgresPool, type PostgresPoolClient } from 'kysely';
import pg from 'pg';
import { codeOf, DatabaseUnavailableError } from './database.errors.js';

const MAX_CONNECTIONS = 10;
/** For a free connection as well as for a new one. */
const CONNECT_TIMEOUT_MS = 2_000;
const ANSWER_DELAY_MS = 1_000;
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** A server that hangs does not answer the farewell either. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Kysely on PostgreSQL. Every wait has an end, and whatever is no answer of the server is DatabaseUnavailableError. */
export function postgresDialect(url: string, statementTimeoutMs: number): PostgresDialect {
  const limits = {
    statement_timeout: statementTimeoutMs,
    // Counted by this process: the server's own timeout never comes from a server that hangs.
    query_timeout: statementTimeoutMs + ANSWER_DELAY_MS,
    max: MAX_CONNECTIONS,
  };
  return new PostgresDialect({ pool: new BoundedPool(url, limits) });
}

/** One connection without a limit on statements: a migration may have to wait for another instance's. */
export function postgresMigrationDialect(url: string): PostgresDialect {
  return new PostgresDialect({ pool: new BoundedPool(url, { max: 1 }) });
}

class BoundedPool implements PostgresPool {
  private readonly pool: pg.Pool;
  private readonly logger = new Logger('Database');

  constructor(url: string, limits: pg.PoolConfig) {
    this.pool = new pg.Pool({
      connectionString: url,
      application_name: 'latchkey',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      keepAlive: true,
      types: { getTypeParser },
      ...limits,
    });
    // Without a listener the loss of an idle connection would end the process.
    this.pool.on('error', (error) => {
      if (!this.pool.ending) this.logger.warn(`lost an idle connection: ${error.message}`);
    });
    // The pool takes its own listener off a connection while that is lent out.
    this.pool.on('connect', (client) => client.on('error', () => undefined));
  }

  async connect(): Promise<PostgresPoolClient> {
    try {
      // Kysely asks for a cursor only when it was configured with one.
      return new BoundedClient(await this.pool.connect()) as unknown as PostgresPoolClient;
    } catch (error) {
      throw translate(error);
    }
  }

  async end(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => (timer = setTimeout(resolve, CLOSE_TIMEOUT_MS).unref()));
    await Promise.race([this.pool.end(), enough]);
    clearTimeout(timer);
  }
}

/** A lent connection that goes back to the pool only while it is known to be usable. */
class BoundedClient {
  private broken: DatabaseUnavailableError | undefined;

  constructor(private readonly client: pg.PoolClient) {}

  async query(sql: string, parameters: readonly unknown[]): Promise<pg.QueryResult> {
    // Behind a statement that never came back, a ROLLBACK would wait as long again.
    if (this.broken) throw this.broken;
    try {
      return await this.client.query(sql, [...parameters]);
    } catch (error) {
      const translated = translate(error);
      if (!(error instanceof pg.DatabaseError) && translated instanceof DatabaseUnavailableError)
        this.broken = translated;
      throw translated;
    }
  }

  release(): void {
    this.client.release(this.broken);
  }
}

/** Numbers of type int8 are times and versions here, well below 2^53; pg would return them as strings. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === INT8 ? Number : (pg.types.getTypeParser(oid, format) as (value: string) => unknown);

const INT8: number = pg.types.builtins.INT8;

// PostgreSQL, appendix A: connection exceptions, read-only after a failover, deadlock and serialization failure,
// insufficient resources, lock and statement timeouts, shutdown, starting up.
const UNAVAILABLE = /^(08...|25006|25P03|40...|53...|55P03|57...)$/;

function translate(error: unknown): unknown {
  const fromServer = error instanceof pg.DatabaseError;
  const unavailable = fromServer ? UNAVAILABLE.test(codeOf(error)) : !(error instanceof TypeError);
  return unavailable ? new DatabaseUnavailableError({ cause: error }) : error;
}
