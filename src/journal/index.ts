export { JournalModule } from './journal.module.js';
export { SqlRevocationJournal } from './sql-revocation-journal.js';
