import { Module } from '@nestjs/common';
import { AuditRetention } from './audit-retention.js';
import { AuditTrail } from './audit-trail.js';
import { ConfigurableAuditModule } from './audit.module-definition.js';
import { AuditRepository } from './audit.repository.js';

/** The trail of security events. Needs Database from a module that is global. */
@Module({
  providers: [AuditRepository, AuditTrail, AuditRetention],
  exports: [AuditTrail],
})
export class AuditModule extends ConfigurableAuditModule {}
