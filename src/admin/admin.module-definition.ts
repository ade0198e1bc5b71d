import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { EventDirectory } from './event-directory.js';
import type { SessionSamples } from './session-samples.js';
import type { UserDirectory } from './user-directory.js';

/** What `AdminModule.forRoot` takes, and a factory of `forRootAsync` returns. Checked at start: InvalidOptionsError. */
export interface AdminModuleOptions {
  /** The accounts to administer. */
  users: UserDirectory;
  /** The trail of security events, to be read. What admins do is written where AuthModule's `events` option says. */
  events: EventDirectory;
  /** Where samples of live sessions are kept, for `GET /admin/stats/history`. @default none are taken */
  samples?: SessionSamples;
}

/** The module's options, checked. */
export const ADMIN_OPTIONS = Symbol('ADMIN_OPTIONS');

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AdminModuleOptions>({
    moduleName: 'Admin',
  })
    .setClassMethodName('forRoot')
    .build();
