import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { noStore } from '../problem/index.js';
import { AdminSessionsService } from './admin-sessions.service.js';
import { AdminStatsService } from './admin-stats.service.js';
import { AdminUsersService } from './admin-users.service.js';
import {
  ADMIN_OPTIONS,
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
} from './admin.module-definition.js';
import { checkAdminOptions } from './admin.options.js';
import { AdminEverybodyController } from './everybody.controller.js';
import { AdminInsightController } from './insight.controller.js';
import { AdminLiveController } from './live.controller.js';
import { SessionSampler } from './session-sampler.js';
import { StatsHistoryService } from './stats-history.service.js';
import { StatsWatch } from './stats-watch.js';
import { TrailWatch } from './trail-watch.js';
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
    AdminLiveController,
  ],
  providers: [
    { provide: ADMIN_OPTIONS, useFactory: checkAdminOptions, inject: [MODULE_OPTIONS_TOKEN] },
    AdminUsersService,
    AdminSessionsService,
    AdminStatsService,
    SessionSampler,
    StatsHistoryService,
    StatsWatch,
    TrailWatch,
  ],
})
export class AdminModule extends ConfigurableModuleClass implements NestModule {
  /** The module with these options. @throws InvalidOptionsError when the application starts */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options from a factory, which may be given providers and return a promise. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /** @internal Called by Nest. */
  configure(consumer: MiddlewareConsumer): void {
    // What guards refuse, and what is not there, never comes to a handler's own headers.
    consumer.apply(noStore).forRoutes('admin');
  }
}
