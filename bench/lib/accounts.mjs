import { fileURLToPath } from 'node:url';
import { run } from '../../scripts/lib/run.mjs';
import { programSettings } from './program-settings.mjs';

/**
 * Gives the program accounts before it starts.
 *
 * @param {import('./redis-server.mjs').RedisServer} redis
 * @param {{ node: string, count: number }} options
 */
export async function seedAccounts(redis, { node, count }) {
  const script = fileURLToPath(new URL('./seed-accounts.mjs', import.meta.url));
  const code = await run(node, [script, String(count)], {
    env: { ...process.env, ...programSettings(redis) },
  });
  if (code !== 0) throw new Error('the accounts could not be made');
}
