import { Module } from '@nestjs/common';
import { AuditRepository } from '../audit/index.js';
import { ExpiredTokens } from './expired-tokens.js';
import { OneTimeTokensRepository } from './one-time-tokens.repository.js';
import { OutboxDelivery } from './outbox.delivery.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxWorker } from './outbox.worker.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

/** The program's accounts. Needs Database and SessionService from modules that are global. */
@Module({
  providers: [
    AuditRepository,
    ExpiredTokens,
    OneTimeTokensRepository,
    OutboxDelivery,
    OutboxRepository,
    OutboxWorker,
    UsersRepository,
    UsersService,
  ],
  exports: [OneTimeTokensRepository, UsersService],
})
export class UsersModule {}
