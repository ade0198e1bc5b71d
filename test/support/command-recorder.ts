import { isUnasked } from './redis-monitor.js';
import type { TestRedis } from './redis-server.js';
import { TOPOLOGY } from './topology.js';

// The first time on a server a script is sent as a text. Where servers are shared that depends on who was there before.
const NAMES = TOPOLOGY === 'single' ? new Map<string, string>() : new Map([['eval', 'evalsha']]);

/** Records the commands that clients send; those that scripts run inside Redis are not among them. */
export interface CommandRecorder {
  /** Names, in lower case, of what was sent while `act` ran and by what that left under way. */
  during(act: () => unknown): Promise<string[]>;
}

export async function recordCommands(redis: TestRedis): Promise<CommandRecorder> {
  const monitor = await redis.monitor();
  let seen: string[] = [];
  monitor.on('monitor', (_time, args, source) => {
    const name = String(args[0]).toLowerCase();
    if (source !== 'lua' && !isUnasked(args)) seen.push(NAMES.get(name) ?? name);
  });
  return {
    async during(act) {
      await monitor.caughtUp();
      seen = [];
      await act();
      // What is sent without being waited for has left by the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      await monitor.caughtUp();
      return seen;
    },
  };
}
