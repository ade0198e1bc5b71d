export { OneTimeTokensRepository } from './one-time-tokens.repository.js';
export { OutboxRepository, type OutboxBacklog } from './outbox.repository.js';
export { OutboxWorker } from './outbox.worker.js';
export { ADMIN_ROLE, normaliseRoles } from './user-roles.js';
export { UsersModule } from './users.module.js';
export { UsersService } from './users.service.js';
