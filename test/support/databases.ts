import { afterAll, afterEach, beforeAll, beforeEach, describe } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Database } from '../../src/database/index.js';
import { startPostgres, type TestPostgres } from './postgres.js';
import { temporaryDirectory } from './temporary-directory.js';
import { TOPOLOGY } from './topology.js';

// A new PostgreSQL cluster takes a second on a quiet machine, many on a busy one.
const HOOK_TIMEOUT_MS = 60_000;
const KINDS: TestDatabases['kind'][] = TOPOLOGY === 'single' ? ['sqlite', 'postgres'] : ['postgres'];

/** The databases of the specs that {@link onEachDatabase} runs. */
export interface TestDatabases {
  readonly kind: 'sqlite' | 'postgres';
  /** The present test's own database, empty when the test begins. */
  readonly url: string;
  /** Another connection to it, as another instance of the program has; closed when the test is over. */
  open(): Database;
}

/**
 * Declares the same specs twice: on SQLite, and on a PostgreSQL server that is started for them. On Sentinel and on
 * Cluster it is PostgreSQL alone: who has several Redis servers has that, and the two differ in nothing that Redis sees.
 */
export function onEachDatabase(title: string, specs: (databases: TestDatabases) => void): void {
  describe.each(KINDS)(`${title}, on %s`, (kind) => {
    let postgres: TestPostgres | undefined;
    let directory: string;
    let url: string;
    const opened: Database[] = [];

    beforeAll(async () => {
      if (kind === 'postgres') postgres = await startPostgres();
      directory = temporaryDirectory('lk-databases-');
    }, HOOK_TIMEOUT_MS);
    afterAll(async () => {
      await postgres?.stop();
      rmSync(directory, { recursive: true });
    }, HOOK_TIMEOUT_MS);
    beforeEach(async () => {
      url = postgres
        ? await postgres.createDatabase()
        : `sqlite:${join(mkdtempSync(join(directory, 'db-')), 'users.db')}`;
    }, HOOK_TIMEOUT_MS);
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((database) => database.close()));
    });

    specs({
      kind,
      get url() {
        return url;
      },
      open() {
        const database = new Database({ url });
        opened.push(database);
        return database;
      },
    });
  });
}
