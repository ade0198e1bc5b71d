export { AuditTrail } from './audit-trail.js';
export { SessionSamplesRepository } from './session-samples.repository.js';
export { AuditRepository } from './audit.repository.js';
export { AuditModule } from './audit.module.js';
export type { AuditModuleOptions } from './audit.module-definition.js';
