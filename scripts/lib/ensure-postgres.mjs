import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { aptInstall, canUseApt } from './apt.mjs';
import { isExecutable, pathFolders } from './find-program.mjs';
import { SetupError } from './say.mjs';

// Debian would make and start a cluster for whoever installs the package; the tests make their own.
const NO_CLUSTER = {
  path: '/etc/postgresql-common/createcluster.d/latchkey.conf',
  text: 'create_main_cluster = false\n',
};

const PROGRAMS = ['initdb', 'postgres'];

/**
 * Finds the programs of a PostgreSQL server, for the tests; installs them where that needs nobody's consent.
 *
 * @returns {Promise<string>} the folder of `initdb` and `postgres`
 * @throws {SetupError} when there are none.
 */
export async function ensurePostgres() {
  const found = findFolder();
  if (found) return found;
  if (canUseApt()) await aptInstall(['postgresql'], { service: 'postgresql', files: [NO_CLUSTER] });
  const installed = findFolder();
  if (installed) return installed;
  throw new SetupError(`The tests need a PostgreSQL server's programs (initdb, postgres). Choose one:
  Debian, Ubuntu:   sudo apt-get install postgresql
  macOS:            brew install postgresql@17
  somewhere else:   LATCHKEY_TEST_PG_BIN=/folder/of/initdb npm test`);
}

function findFolder() {
  const folders = [
    process.env.LATCHKEY_TEST_PG_BIN,
    ...pathFolders(),
    ...newestFirst('/usr/lib/postgresql', /^\d+$/),
    ...newestFirst('/opt/homebrew/opt', /^postgresql@\d+$/),
    ...newestFirst('/usr/local/opt', /^postgresql@\d+$/),
    '/Applications/Postgres.app/Contents/Versions/latest/bin',
  ];
  return folders.find((folder) => folder && PROGRAMS.every((program) => isExecutable(join(folder, program))));
}

/**
 * @param {string} folder that has one folder per version
 * @param {RegExp} pattern
 */
function newestFirst(folder, pattern) {
  if (!existsSync(folder)) return [];
  const versions = readdirSync(folder).filter((name) => pattern.test(name));
  const major = (/** @type {string} */ name) => Number(/\d+/.exec(name)?.[0]);
  return versions.sort((a, b) => major(b) - major(a)).map((name) => join(folder, name, 'bin'));
}
