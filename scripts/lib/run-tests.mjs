import { delimiter, dirname } from 'node:path';
import { ensureInstall } from './ensure-install.mjs';
import { ensurePostgres } from './ensure-postgres.mjs';
import { ensureRedis } from './ensure-redis.mjs';
import { run } from './run.mjs';

/**
 * Runs Jest, with everything the tests need installed.
 *
 * @param {string[]} args what Jest is told; nothing: all tests, with coverage
 * @param {Record<string, string>} [settings] environment variables for the tests
 * @returns {Promise<number>} the exit code
 */
export async function runTests(args, settings = {}) {
  await ensureInstall();
  const redisServer = await ensureRedis();
  const env = {
    ...process.env,
    // Jest runs ES modules only with the first; the second keeps Node from warning about it once per worker.
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules`.trim(),
    NODE_NO_WARNINGS: '1',
    // The last place looked at is not in PATH everywhere.
    PATH: [process.env.PATH, dirname(redisServer)].join(delimiter),
    LATCHKEY_TEST_PG_BIN: await ensurePostgres(),
    ...settings,
  };
  // A threshold for the whole of src says nothing about the tests of a part of it.
  const coverage = args.length === 0 ? ['--coverage'] : ['--coverageThreshold={}'];
  return run(process.execPath, ['node_modules/jest/bin/jest.js', '--maxWorkers=2', ...coverage, ...args], {
    env,
    stdio: 'inherit',
  });
}
