import type { TestRedis } from './redis-server.js';

/** Every command that clients send while something is done, as name and first argument, in their order. */
export async function commandsDuring(redis: TestRedis, work: () => Promise<unknown>): Promise<string[]> {
  const client = redis.client();
  const monitor = await redis.monitor();
  const seen: string[] = [];
  const ended = new Promise<void>((resolve) => {
    monitor.on('monitor', (_time: string, args: string[], source: string) => {
      const command = args.slice(0, 2).join(' ');
      if (command === 'echo end') resolve();
      else if (source !== 'lua') seen.push(command);
    });
  });
  await work();
  await client.echo('end');
  await ended;
  monitor.disconnect();
  client.disconnect();
  return seen;
}
