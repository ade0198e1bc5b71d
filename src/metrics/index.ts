export { MeteredSecurityEvents, MeteredSessionObserver } from './metered-events.js';
export { Metrics } from './metrics.js';
export { MetricsModule, type MetricsModuleOptions } from './metrics.module.js';
