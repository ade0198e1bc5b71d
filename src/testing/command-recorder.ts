import { isUnasked, type RedisMonitor } from './redis-monitor.js';

/** Records the commands that clients send; those that scripts run inside Redis are not among them. */
export interface CommandRecorder {
  /** Names, in lower case, of what was sent while `act` ran and by what that left under way. */
  during(act: () => unknown): Promise<string[]>;
}

/**
 * Counts what something costs: `expect(await recorder.during(() => fetch(url))).toEqual(['mget'])`. Not counted is what is
 * sent whatever is done, such as the look for an operation that ends everybody's sessions.
 * @param redis what `startRedisServer` has started
 * @param nameOf says how a command is to be called by its name in lower case
 */
export async function recordCommands(
  redis: { monitor(): Promise<RedisMonitor> },
  nameOf: (name: string) => string = (name) => name,
): Promise<CommandRecorder> {
  const monitor = await redis.monitor();
  let seen: string[] = [];
  monitor.on('monitor', (_time, args, source) => {
    if (source !== 'lua' && !isUnasked(args)) seen.push(nameOf(String(args[0]).toLowerCase()));
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
