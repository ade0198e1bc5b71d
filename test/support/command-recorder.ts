import type { TestRedis } from './redis-server.js';

/** Records the commands that clients send; those that scripts run inside Redis are not among them. */
export interface CommandRecorder {
  /** Names, in lower case, of what was sent while `act` ran and by what that left under way. */
  during(act: () => unknown): Promise<string[]>;
}

export async function recordCommands(redis: TestRedis): Promise<CommandRecorder> {
  const monitor = await redis.monitor();
  let seen: string[] = [];
  monitor.on('monitor', (_time, args, source) => {
    // Which a program asks every five seconds, whatever is done.
    const unasked = /^get \S*\{everyone\}:current$/i.test(args.join(' '));
    if (source !== 'lua' && !unasked) seen.push(String(args[0]).toLowerCase());
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
