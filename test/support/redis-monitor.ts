export { isUnasked, monitorOf, type RedisMonitor as TestMonitor } from '../../src/testing/redis-monitor.js';
