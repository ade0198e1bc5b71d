import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { noStore } from '../problem/index.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { AdminStatsService } from './admin-stats.service.js';
import { AdminUsersService } from './admin-users.service.js';
import { ADMIN_OPTIONS, ConfigurableModuleClass, MODULE_OPTIONS_TOKEN } from './admin.module-definition.js';
import { checkAdminOptions } from './admin.options.js';
import { AdminEverybodyController } from './everybody.controller.js';
import { AdminInsightController } from './insight.controller.js';
import { AdminUserSessionsController } from './user-sessions.controller.js';
import { AdminUsersController } from './users.controller.js';

/**
 * Other people's accounts and sessions, for users with the role `admin`, over a host's users and trail. Needs
 * SessionModule and AuthModule, imported with `isGlobal: true`. Its routes are guarded whatever the host binds.
 */
@Module({
  controllers: [
    AdminUsersController,
    AdminUserSessionsController,
    AdminEverybodyController,
    AdminInsightController,
  ],
  providers: [
    { provide: ADMIN_OPTIONS, useFactory: checkAdminOptions, inject: [MODULE_OPTIONS_TOKEN] },
    AdminUsersService,
    AdminSessionsService,
    AdminStatsService,
  ],
})
export class AdminModule extends ConfigurableModuleClass implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    // What guards refuse, and what is not there, never comes to a handler's own headers.
    consumer.apply(noStore).forRoutes('admin{/*path}');
  }
}
