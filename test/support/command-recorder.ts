import { randomUUID } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { TestRedis } from './redis-server.js';

/** Records the commands that clients send; those that scripts run inside Redis are not among them. */
export interface CommandRecorder {
  /** Names, in lower case, of what was sent while `act` ran and by what that left under way. */
  during(act: () => unknown): Promise<string[]>;
}

export async function recordCommands(redis: TestRedis): Promise<CommandRecorder> {
  const sender: Redis = redis.client();
  const monitor = await redis.monitor();
  let seen: string[] = [];
  monitor.on('monitor', (_time: string, args: string[], source: string) => {
    if (source !== 'lua')
      seen.push(`${String(args[0]).toLowerCase()}${args[0] === 'echo' ? ` ${args[1]}` : ''}`);
  });
  const mark = async () => {
    const text = `echo ${randomUUID()}`;
    await sender.echo(text.slice('echo '.length));
    while (!seen.includes(text)) await new Promise((resolve) => setImmediate(resolve));
  };
  return {
    async during(act) {
      await mark();
      seen = [];
      await act();
      // What is sent without being waited for has left by the next turn of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      await mark();
      return seen.filter((command) => !command.startsWith('echo'));
    },
  };
}
