import { beforeEach, expect, it } from '@jest/globals';

import { ExpiredEntries } from '../src/journal/expired-entries.js';
import { JournalRepository } from '../src/journal/journal.repository.js';
import { SqlRevocationJournal } from '../src/journal/index.js';
import type { JournalEntry } from '../src/session/index.js';
import { onEachDatabase } from './support/databases.js';

const HOUR = 3_600_000;
const ENTRIES: JournalEntry[] = [
  { kind: 'one', tag: 'tag-of-ada', digest: 'digest', forMs: HOUR },
  { kind: 'all', tag: 'tag-of-ada', generation: 1_767_225_600_000, keep: 'kept', forMs: HOUR },
  { kind: 'all', tag: 'tag-of-bob', generation: 1_767_225_600_001, keep: undefined, forMs: HOUR },
  { kind: 'everyone', epoch: 7, keep: undefined, forMs: HOUR },
];

onEachDatabase('the journal of revocations', (databases) => {
  let repository: JournalRepository;
  let journal: SqlRevocationJournal;
  const entries = async (sinceMs = 0): Promise<JournalEntry[]> => {
    const all: JournalEntry[] = [];
    for await (const chunk of journal.entries(sinceMs)) all.push(...chunk);
    // PostgreSQL rounds the beginning and the end of an entry each by itself.
    return all.map((entry) => ({ ...entry, forMs: Math.round(entry.forMs / 10) * 10 }));
  };

  beforeEach(async () => {
    const database = databases.open();
    await database.migrate();
    repository = new JournalRepository(database);
    journal = new SqlRevocationJournal(repository);
  });

  it('gives back what it was given, in that order, to another node too', async () => {
    for (const entry of ENTRIES) {
      await journal.record(entry);
      // Of one millisecond, any order will do.
      const atMs = await journal.nowMs();
      while ((await journal.nowMs()) === atMs);
    }
    expect(await entries()).toEqual(ENTRIES);
    journal = new SqlRevocationJournal(new JournalRepository(databases.open()));
    expect(await entries()).toEqual(ENTRIES);
  });

  it('gives back what was kept since a time of its own clock', async () => {
    await journal.record(ENTRIES[0] as JournalEntry);
    const atMs = await journal.nowMs();
    while ((await journal.nowMs()) === atMs);
    const sinceMs = await journal.nowMs();
    expect(Math.abs(sinceMs - Date.now())).toBeLessThan(60_000);
    await journal.record(ENTRIES[3] as JournalEntry);
    expect(await entries(sinceMs)).toEqual([ENTRIES[3]]);
  });

  it('gives back more than one chunk holds, each once', async () => {
    const COUNT = 1_003;
    for (let i = 0; i < COUNT; i += 100) {
      const some = Array.from({ length: Math.min(100, COUNT - i) }, (_, k) => `digest ${i + k}`);
      await Promise.all(
        some.map((digest) => repository.insert(digest, { kind: 'one', tag: 'tag', digest, forMs: HOUR })),
      );
    }
    const digests = (await entries()).map((entry) => ('digest' in entry ? entry.digest : ''));
    expect(digests).toHaveLength(COUNT);
    expect(new Set(digests).size).toBe(COUNT);
  });

  it('forgets what no session can be affected by any more, and keeps an entry that came twice once', async () => {
    await repository.insert('once', ENTRIES[0] as JournalEntry);
    await repository.insert('once', ENTRIES[0] as JournalEntry);
    await repository.insert('short', { kind: 'one', tag: 'tag', digest: 'short', forMs: 1 });
    const atMs = await journal.nowMs();
    while ((await journal.nowMs()) <= atMs + 2);
    expect(await entries()).toEqual([ENTRIES[0]]);
    expect(await new ExpiredEntries(repository).delete()).toBe(1);
    expect(await entries()).toEqual([ENTRIES[0]]);
  });
});
