import { ConfigurableModuleBuilder } from '@nestjs/common';

export interface AuditModuleOptions {
  /**
   * For how many days events are kept; 0 keeps them for ever. Events hold addresses and user agents of people.
   * @default 365
   */
  retentionDays?: number;
}

export const { ConfigurableModuleClass: ConfigurableAuditModule, MODULE_OPTIONS_TOKEN: AUDIT_OPTIONS } =
  new ConfigurableModuleBuilder<AuditModuleOptions>().setClassMethodName('forRoot').build();
