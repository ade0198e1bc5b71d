import { Module } from '@nestjs/common';
import { AuditRetention } from './audit-retention.js';
import { AuditTrail } from './audit-trail.js';
import { ConfigurableAuditModule } from './audit.module-definition.js';
import { AuditRepository } from './audit.repository.js';
import { SessionSamplesRepository } from './session-samples.repository.js';

/** The trail of security events. Needs Database from a module that is global. */
@Module({
  providers: [AuditRepository, AuditTrail, AuditRetention, SessionSamplesRepository],
  exports: [AuditTrail, SessionSamplesRepository],
})
export class AuditModule extends ConfigurableAuditModule {}
