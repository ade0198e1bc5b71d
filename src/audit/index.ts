export { AuditTrail } from './audit-trail.js';
export { AuditModule } from './audit.module.js';
export type { AuditModuleOptions } from './audit.module-definition.js';
