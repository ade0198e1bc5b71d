import { Module } from '@nestjs/common';
import { ExpiredEntries } from './expired-entries.js';
import { JournalRepository } from './journal.repository.js';
import { SqlRevocationJournal } from './sql-revocation-journal.js';

/** The journal of revocations, in the program's database. Needs Database from a module that is global. */
@Module({
  providers: [JournalRepository, SqlRevocationJournal, ExpiredEntries],
  exports: [SqlRevocationJournal],
})
export class JournalModule {}
