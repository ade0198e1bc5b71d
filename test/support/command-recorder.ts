import { type CommandRecorder, recordCommands as record } from '../../src/testing/command-recorder.js';
import type { TestRedis } from './redis-server.js';
import { TOPOLOGY } from './topology.js';

export type { CommandRecorder };

// The first time on a server a script is sent as a text. Where servers are shared that depends on who was there before.
const NAMES = TOPOLOGY === 'single' ? new Map<string, string>() : new Map([['eval', 'evalsha']]);

export const recordCommands = (redis: TestRedis): Promise<CommandRecorder> =>
  record(redis, (name) => NAMES.get(name) ?? name);
