import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { migrateWhenThere } from '../src/database/database-boot.js';
import { Database } from '../src/database/index.js';
import { until } from './support/express-session-host.js';
import { startPostgres, type TestPostgres } from './support/postgres.js';

describe('the start of the program', () => {
  let postgres: TestPostgres;
  let url: URL;
  let logged: string[];
  let gate: Server | undefined;

  beforeAll(async () => {
    postgres = await startPostgres();
  }, 60_000);
  afterAll(() => postgres.stop(), 60_000);
  beforeEach(async () => {
    url = new URL(await postgres.createDatabase());
    logged = [];
    for (const level of ['warn', 'log'] as const) {
      jest
        .spyOn(Logger.prototype, level)
        .mockImplementation((message: unknown) => void logged.push(String(message)));
    }
  });
  afterEach(() => {
    gate?.close();
    jest.restoreAllMocks();
  });

  const socketOf = ({ searchParams, port }: URL) =>
    join(String(searchParams.get('host')), `.s.PGSQL.${port || '5432'}`);

  it('waits for a PostgreSQL that is not there yet, says for what, and goes on when it comes', async () => {
    const away = new URL(url);
    // The name of another socket in the same directory.
    away.port = '1';
    away.password = 'a-secret';
    const database = new Database({ url: away.href });
    const started = migrateWhenThere(database, 20);
    await until(() => logged.length > 0);
    expect(logged[0]).toMatch(/^waiting for PostgreSQL at \S+:1, database \w+: connect ENOENT/);
    expect(logged[0]).not.toContain('a-secret');

    gate = createServer((socket) => {
      const server = connect(socketOf(url));
      socket.on('error', () => server.destroy()).pipe(server);
      server.on('error', () => socket.destroy()).pipe(socket);
    });
    gate.listen(socketOf(away));
    await started;
    await database.ping();
    // Said once, not with every try.
    expect(logged).toEqual([expect.any(String), expect.stringMatching(/is there$/)]);
    await database.close();
  }, 20_000);

  it('does not wait where waiting would not help: for a database that does not exist', async () => {
    const wrong = new URL(url);
    wrong.pathname = '/no-such-database';
    const database = new Database({ url: wrong.href });
    await expect(migrateWhenThere(database, 20)).rejects.toThrow(/"no-such-database" does not exist/);
    expect(logged).toEqual([]);
    await database.close();
  });
});
