import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { sql } from 'kysely';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { AuditTrail } from '../src/audit/audit-trail.js';
import { AuditRepository } from '../src/audit/audit.repository.js';
import { Database, DatabaseUnavailableError } from '../src/database/index.js';
import { startPostgres, type TestPostgres } from './support/postgres.js';

/** What a promise rejects with. */
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'no failure',
    (error: unknown) => error,
  );

const secondsFor = async (work: Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work;
  return (performance.now() - start) / 1_000;
};

describe('when PostgreSQL is away', () => {
  let postgres: TestPostgres;
  let database: Database;
  let warnings: jest.SpiedFunction<Logger['warn']>;

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.stop(), 60_000);
  beforeEach(async () => {
    warnings = jest.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
    database = new Database({ url: await postgres.createDatabase(), statementTimeoutMs: 500 });
    await database.migrate();
  });
  afterEach(async () => {
    postgres.thaw();
    await database.close();
    jest.restoreAllMocks();
  });

  const terminateBackends = () =>
    postgres.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname like $1',
      ['test_%'],
    );

  it('survives the loss of idle connections, and says so', async () => {
    await database.ping();
    await terminateBackends();
    await database.ping();
    expect(warnings).toHaveBeenCalledWith(expect.stringContaining('lost an idle connection'));
  });

  it('fails a transaction whose connection is cut, and serves the next', async () => {
    const cut = database.kysely.transaction().execute(async (transaction) => {
      await sql`select 1`.execute(transaction);
      await terminateBackends();
      await sql`select 1`.execute(transaction);
    });
    expect(await failureOf(cut)).toBeInstanceOf(DatabaseUnavailableError);
    await database.ping();
  });

  it('ends a statement that takes too long, on the server', async () => {
    expect(await failureOf(sql`select pg_sleep(30)`.execute(database.kysely))).toBeInstanceOf(
      DatabaseUnavailableError,
    );
    const asleep = `select pid from pg_stat_activity where state = 'active' and wait_event = 'PgSleep'`;
    await expect(postgres.query(asleep)).resolves.toEqual([]);
    await database.ping();
  });

  it('gives up on a server that hangs, and uses a new connection when it can be reached again', async () => {
    await database.ping();
    await postgres.freeze();
    expect(await secondsFor(failureOf(database.ping()))).toBeLessThan(2);
    // The ping's own connection is still waiting; this one is new and works.
    await sql`select 1`.execute(database.kysely);
    const failed = database.kysely.transaction().execute(async (transaction) => {
      await postgres.freeze();
      await sql`select 1`.execute(transaction);
    });
    const start = performance.now();
    expect(await failureOf(failed)).toBeInstanceOf(DatabaseUnavailableError);
    // Once the time of one statement: the rollback does not wait as long again.
    expect(performance.now() - start).toBeLessThan(2_800);
    await database.ping();
  });

  it('closes within a few seconds although a statement hangs', async () => {
    const patient = new Database({ url: await postgres.createDatabase(), statementTimeoutMs: 60_000 });
    await patient.migrate();
    await patient.ping();
    await postgres.freeze();
    await failureOf(patient.ping());
    expect(await secondsFor(patient.close())).toBeLessThan(4);
  });

  it('refuses at once when nobody listens, in two seconds when nobody answers', async () => {
    const silent: Server = createServer((socket) => socket.resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const unanswered = new Database({ url: `postgres://u:secret@127.0.0.1:${port}/db` });
    const start = performance.now();
    expect(await failureOf(sql`select 1`.execute(unanswered.kysely))).toBeInstanceOf(
      DatabaseUnavailableError,
    );
    expect(performance.now() - start).toBeLessThan(4_000);
    await new Promise((resolve) => silent.close(resolve));
    const refused = await failureOf(unanswered.migrate());
    expect(refused).toBeInstanceOf(DatabaseUnavailableError);
    expect(String((refused as Error).cause)).not.toContain('secret');
    await unanswered.close();
  });

  it('lets a logout be answered: the event goes to the log instead', async () => {
    const logged = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const trail = new AuditTrail(new AuditRepository(database));
    await trail.record({ type: 'logout', userId: 'ann', actorId: 'ann' });
    await postgres.freeze();
    const took = await secondsFor(
      trail.record({ type: 'logout', userId: 'bob', actorId: 'bob', requestId: 'req-9' }),
    );
    expect(took).toBeLessThan(4);
    expect(logged).toHaveBeenCalledWith(expect.stringContaining('req-9'));
  });
});
