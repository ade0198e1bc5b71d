import { expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { onEachDatabase } from './support/databases.js';

onEachDatabase('migrations', (databases) => {
  it('run once, however many instances start at once', async () => {
    const ran = await Promise.all(Array.from({ length: 6 }, () => databases.open().migrate()));
    expect(ran.filter((names) => names.length > 0)).toEqual([
      [
        '0001-users',
        '0002-audit-events',
        '0003-one-time-tokens',
        '0004-audit-event-count',
        '0005-revocation-journal',
        '0006-session-samples',
      ],
    ]);
  });

  it('refuse a database that a newer version has migrated', async () => {
    const database = databases.open();
    await database.migrate();
    await sql`insert into kysely_migration (name, timestamp) values ('9999-later', '2030-01-01T00:00:00.000Z')`.execute(
      database.kysely,
    );
    await expect(databases.open().migrate()).rejects.toThrow(/9999-later/);
  });

  it('leave a database that answers a ping', async () => {
    const database = databases.open();
    await database.migrate();
    await expect(database.ping()).resolves.toBeUndefined();
  });
});
