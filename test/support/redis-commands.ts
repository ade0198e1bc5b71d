import { isUnasked } from './redis-monitor.js';
import type { TestRedis } from './redis-server.js';

/** Every command that clients send while something is done, as name and first argument, in their order. */
export async function commandsDuring(redis: TestRedis, work: () => Promise<unknown>): Promise<string[]> {
  const monitor = await redis.monitor();
  const seen: string[] = [];
  monitor.on('monitor', (_time, args, source) => {
    if (source !== 'lua' && !isUnasked(args)) seen.push(args.slice(0, 2).join(' '));
  });
  await work();
  await monitor.caughtUp();
  monitor.disconnect();
  return seen;
}
