export { AdminModule } from './admin.module.js';
export type { AdminModuleOptions } from './admin.module-definition.js';
export { EventDirectory } from './event-directory.js';
export type { EventPage, EventSearch, StoredEvent } from './event-directory.js';
export { InvalidCursorError } from './invalid-cursor.error.js';
export { SessionSamples, type SessionSample } from './session-samples.js';
export { userChangeEvents } from './user-change-events.js';
export { LastAdminError, UserDirectory, UserNotFoundError } from './user-directory.js';
export type { UserChanges, UserPage, UserSearch } from './user-directory.js';
