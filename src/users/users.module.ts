import { Module } from '@nestjs/common';
import { OutboxDelivery } from './outbox.delivery.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxWorker } from './outbox.worker.js';
import { UsersRepository } from './users.repository.js';
import { UsersService } from './users.service.js';

/** The program's accounts. Needs Database and SessionService from modules that are global. */
@Module({
  providers: [UsersRepository, OutboxRepository, OutboxDelivery, OutboxWorker, UsersService],
  exports: [UsersService],
})
export class UsersModule {}
