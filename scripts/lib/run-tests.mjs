import { delimiter, dirname } from 'node:path';
import { ensureBuild } from './ensure-build.mjs';
import { ensureChromium } from './ensure-chromium.mjs';
import { ensureInstall } from './ensure-install.mjs';
import { ensureLanguages } from './ensure-languages.mjs';
import { ensureNginx } from './ensure-nginx.mjs';
import { ensurePostgres } from './ensure-postgres.mjs';
import { ensureRedis } from './ensure-redis.mjs';
import { run } from './run.mjs';
import { say, SetupError } from './say.mjs';

// Of two cores. A third one makes the tests that start several servers miss their deadlines, and nothing faster.
const WORKERS = 2;

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
  // For an example, which would install it itself, but next to other tests.
  await ensureNginx();
  const needBrowser = concern('browser', args, settings);
  const chromium = needBrowser ? await ensureChromium() : undefined;
  // The pages that it shows.
  if (needBrowser) await ensureBuild();
  if (concern('clients', args, settings)) await ensureLanguages().catch(sayWhatToDo);
  const env = {
    ...process.env,
    // Jest runs ES modules only with the first; the second keeps Node from warning about it once per worker.
    NODE_OPTIONS: `${process.env.NODE_OPTIONS ?? ''} --experimental-vm-modules`.trim(),
    NODE_NO_WARNINGS: '1',
    // The last place looked at is not in PATH everywhere.
    PATH: [process.env.PATH, dirname(redisServer)].join(delimiter),
    LATCHKEY_TEST_PG_BIN: await ensurePostgres(),
    ...(chromium && { LATCHKEY_TEST_CHROMIUM: chromium }),
    ...settings,
  };
  // A threshold for the whole of src says nothing about the tests of a part of it.
  const coverage = args.length === 0 ? ['--coverage'] : ['--coverageThreshold={}'];
  // What a spec that broke off has left open must not keep a whole run from ending.
  const end = args.some((arg) => arg.startsWith('--watch')) ? [] : ['--forceExit'];
  const jest = ['node_modules/jest/bin/jest.js', `--maxWorkers=${WORKERS}`, ...end, ...coverage, ...args];
  return run(process.execPath, jest, { env, stdio: 'inherit' });
}

/**
 * Whether these tests may be among those that are to run. They do not run on several topologies.
 *
 * @param {string} name in the paths of the files
 * @param {string[]} args
 * @param {Record<string, string>} settings
 */
function concern(name, args, settings) {
  if (settings.LATCHKEY_TEST_REDIS !== undefined) return false;
  return args.length === 0 || args.some((arg) => arg.includes(name));
}

/**
 * The file that needs them fails then; the others need not wait for a JDK.
 *
 * @param {unknown} error
 */
function sayWhatToDo(error) {
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
}
