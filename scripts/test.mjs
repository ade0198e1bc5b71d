// npm test: everything the tests need, then all of them with coverage. With arguments: what Jest makes of them.
import { delimiter, dirname } from 'node:path';
import { ensureInstall } from './lib/ensure-install.mjs';
import { ensurePostgres } from './lib/ensure-postgres.mjs';
import { ensureRedis } from './lib/ensure-redis.mjs';
import { run } from './lib/run.mjs';
import { runScript } from './lib/say.mjs';

await runScript(async () => {
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
  };
  const args = process.argv.slice(2);
  // A threshold for the whole of src says nothing about the tests of a part of it.
  const coverage = args.length === 0 ? ['--coverage'] : ['--coverageThreshold={}'];
  return run(process.execPath, ['node_modules/jest/bin/jest.js', '--maxWorkers=2', ...coverage, ...args], {
    env,
    stdio: 'inherit',
  });
});
