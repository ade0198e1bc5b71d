export { MeteredSecurityEvents } from './security-metrics.js';
export { Metrics } from './metrics.js';
export { MetricsModule, type MetricsModuleOptions } from './metrics.module.js';
