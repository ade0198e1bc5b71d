import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { JournalEntry } from '../session/index.js';
import type { JournalRepository } from './journal.repository.js';
import { SqlRevocationJournal } from './sql-revocation-journal.js';

const entry: JournalEntry = { kind: 'one', tag: 'a-tag', digest: 'a-digest', forMs: 1_000 };

/** A database that takes nothing, or each entry after a while. */
function journalOver() {
  const database = { isAway: true, takesMs: 0, most: 0, taken: 0 };
  let underWay = 0;
  const insert = async (): Promise<void> => {
    if (database.isAway) throw new Error('away');
    database.most = Math.max(database.most, (underWay += 1));
    await new Promise((resolve) => setTimeout(resolve, database.takesMs));
    underWay -= 1;
    database.taken += 1;
  };
  return { database, journal: new SqlRevocationJournal({ insert } as unknown as JournalRepository) };
}

describe('SqlRevocationJournal', () => {
  let logged: string[];
  beforeEach(() => {
    logged = [];
    jest.useFakeTimers();
    jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);
    jest.spyOn(Logger.prototype, 'error').mockImplementation((line) => void logged.push(String(line)));
  });
  afterEach(() => {
    jest.useRealTimers();
    jest.restoreAllMocks();
  });

  it('writes what waits one after the other, whatever comes meanwhile', async () => {
    const { database, journal } = journalOver();
    for (let i = 0; i < 20; i += 1) await journal.record(entry);
    Object.assign(database, { isAway: false, takesMs: 900 });
    for (let i = 0; i < 5; i += 1) {
      await jest.advanceTimersByTimeAsync(1_500);
      await journal.record(entry);
    }
    const stopped = journal.beforeApplicationShutdown();
    await jest.advanceTimersByTimeAsync(60_000);
    await stopped;
    expect([database.most, database.taken]).toEqual([1, 25]);
    expect(jest.getTimerCount()).toBe(0);
  });

  it('says how many it had to drop, now and then and at its end', async () => {
    const { journal } = journalOver();
    for (let i = 0; i < 50_003; i += 1) await journal.record(entry);
    expect(logged.filter((line) => line.startsWith('too many'))).toEqual([
      'too many revocations wait: 1 will never get into the journal',
    ]);
    await jest.advanceTimersByTimeAsync(10_000);
    await journal.record(entry);
    expect(logged.at(-1)).toBe('too many revocations wait: 4 will never get into the journal');
    await journal.beforeApplicationShutdown();
    expect(logged.at(-1)).toBe('50004 revocations have not got into the journal');
    expect(jest.getTimerCount()).toBe(0);
  });
});
