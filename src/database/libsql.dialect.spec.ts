import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { sql } from 'kysely';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from './database.js';
import { DatabaseUnavailableError } from './database.errors.js';

describe('an SQLite database', () => {
  let directory: string;
  const opened: Database[] = [];

  const open = (): Database => {
    const database = new Database({ url: `sqlite:${join(directory, 'private', 'users.db')}` });
    opened.push(database);
    return database;
  };
  const insert = (database: Database, id: string): Promise<unknown> =>
    sql`insert into note (id) values (${id})`.execute(database.kysely);
  const ids = async (database: Database): Promise<string[]> =>
    (await sql<{ id: string }>`select id from note order by id`.execute(database.kysely)).rows.map(
      ({ id }) => id,
    );

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'lk-sqlite-'));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    rmSync(directory, { recursive: true, force: true });
  });

  it('has everything in its one file when it is closed', async () => {
    const database = open();
    await sql`create table note (id text)`.execute(database.kysely);
    await insert(database, 'a');
    await database.close();
    const file = join(directory, 'private', 'users.db');
    expect(statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
    rmSync(`${file}-wal`, { force: true });
    expect(await ids(open())).toEqual(['a']);
  });

  it('lies in files that only the owner can read', async () => {
    await open().migrate();
    const modeOf = (...path: string[]): number => statSync(join(directory, ...path)).mode & 0o777;
    expect(modeOf('private')).toBe(0o700);
    for (const file of ['users.db', 'users.db-wal', 'users.db-shm'])
      expect(modeOf('private', file)).toBe(0o600);
  });

  it('writes ahead and flushes every commit to the disk', async () => {
    const { kysely } = open();
    const read = async (pragma: string): Promise<unknown> =>
      Object.values(
        (await sql.raw<Record<string, unknown>>(`pragma ${pragma}`).execute(kysely)).rows[0] ?? {},
      )[0];
    expect(await read('journal_mode')).toBe('wal');
    expect(await read('synchronous')).toBe(2);
    expect(await read('foreign_keys')).toBe(1);
  });

  it('waits for a transaction of another connection of the same process instead of blocking it', async () => {
    const [one, other] = [open(), open()];
    await sql`create table note (id text primary key)`.execute(one.kysely);
    let insideOne: () => void = () => undefined;
    const isInside = new Promise<void>((resolve) => (insideOne = resolve));
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const first = one.kysely.transaction().execute(async (transaction) => {
      await sql`insert into note (id) values ('a')`.execute(transaction);
      insideOne();
      await held;
    });
    await isInside;
    const second = other.kysely
      .transaction()
      .execute((transaction) => sql`insert into note (id) values ('b')`.execute(transaction));
    const third = insert(other, 'c');
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(await ids(open())).toEqual([]);
    release();
    await Promise.all([first, second, third]);
    expect(await ids(one)).toEqual(['a', 'b', 'c']);
  });

  it('gives up on a lock that stays', async () => {
    const [one, other] = [open(), open()];
    await sql`create table note (id text primary key)`.execute(one.kysely);
    let release: () => void = () => undefined;
    const first = one.kysely.transaction().execute(() => new Promise<void>((resolve) => (release = resolve)));
    await expect(insert(other, 'b')).rejects.toBeInstanceOf(DatabaseUnavailableError);
    release();
    await first;
    // The statement that gave up must not keep later ones from committing.
    await other.kysely
      .transaction()
      .execute((transaction) => sql`insert into note (id) values ('c')`.execute(transaction));
    expect(await ids(one)).toEqual(['c']);
  });

  it('reads any number of rows to the end, so that the transaction can commit', async () => {
    const database = open();
    await sql`create table note (id text primary key)`.execute(database.kysely);
    for (const rows of [99, 100, 200]) {
      const read = await database.kysely.transaction().execute(async (transaction) => {
        await sql`delete from note`.execute(transaction);
        for (let i = 0; i < rows; i += 1)
          await sql`insert into note (id) values (${String(i)})`.execute(transaction);
        return sql`select id from note`.execute(transaction);
      });
      expect(read.rows).toHaveLength(rows);
    }
  });

  it('rolls a failed transaction back and goes on', async () => {
    const database = open();
    await sql`create table note (id text primary key)`.execute(database.kysely);
    const failed = database.kysely.transaction().execute(async (transaction) => {
      await sql`insert into note (id) values ('a')`.execute(transaction);
      throw new Error('changed my mind');
    });
    await expect(failed).rejects.toThrow('changed my mind');
    await insert(database, 'b');
    expect(await ids(database)).toEqual(['b']);
  });

  it.each([true, undefined, Number.NaN, new Date(0), 'nul\0'])(
    'refuses to bind %p, which SQLite would change or die of',
    async (value) => {
      const database = open();
      await expect(sql`select ${sql.val(value)}`.execute(database.kysely)).rejects.toBeInstanceOf(TypeError);
    },
  );

  it('is unavailable when the file cannot be opened, and after it was closed', async () => {
    const database = open();
    rmSync(join(directory, 'private'), { recursive: true });
    await expect(database.migrate()).rejects.toBeInstanceOf(DatabaseUnavailableError);
    const closed = open();
    await closed.migrate();
    await closed.close();
    await expect(closed.ping()).rejects.toThrow();
  });
});
