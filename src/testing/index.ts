// The entry `latchkey/testing`: for the tests of hosts, with any test runner. Never loaded by an application.
export { type CommandRecorder, recordCommands } from './command-recorder.js';
export { expectRevokedEverywhere, type TestNode } from './expect-revoked.js';
export { type ClosedGate, Gate } from './gate.js';
export { loginAs, type LoginAsOptions, type TestLogin } from './login-as.js';
export type { RedisMonitor } from './redis-monitor.js';
export type { RedisProcess } from './redis-process.js';
export { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.js';
