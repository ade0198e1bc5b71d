export { Database, type DatabaseOptions } from './database.js';
export { DatabaseUnavailableError, isUniqueViolation } from './database.errors.js';
export { withinDeadline } from './deadline.js';
export { DatabaseModule } from './database.module.js';
export { decodeCursor, encodeCursor, type KeysetPosition } from './keyset-cursor.js';
export type {
  AuditEventsTable,
  Flag,
  RevocationJournalTable,
  Schema,
  SessionOutboxTable,
  UsersTable,
} from './database.schema.js';
export { DatabaseUrlError, parseDatabaseUrl, type DatabaseLocation } from './database.url.js';
export { DeletionRounds } from './deletion-rounds.js';
