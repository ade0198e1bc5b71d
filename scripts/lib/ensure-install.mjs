import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { checkNodeVersion } from './node-version.mjs';
import { run } from './run.mjs';
import { say, SetupError } from './say.mjs';

/**
 * Makes node_modules, here and in web/, what package-lock.json says, by `npm ci`, unless it is that already.
 *
 * @throws {SetupError} when Node is too old or the installation fails.
 */
export async function ensureInstall() {
  checkNodeVersion();
  await installLocked('.', 'half a minute or so');
  await installLocked('web', 'a few seconds');
}

/**
 * @param {string} folder
 * @param {string} duration what to tell who waits
 */
async function installLocked(folder, duration) {
  const lock = join(folder, 'package-lock.json');
  if (isInstalled(readPackages(lock), folder)) return;
  say(`installing the packages of ${lock} (${duration})`);
  // Without --include=dev, NODE_ENV=production would leave out the compiler.
  const [program, args] = npm(['ci', '--include=dev', '--no-fund', '--no-audit']);
  if ((await run(program, args, { cwd: folder })) !== 0)
    throw new SetupError('npm ci failed; its own message is above.');
  if (folder === '.') checkProgramPackages();
}

function checkProgramPackages() {
  const missing = programPackages().filter((name) => !existsSync(join('node_modules', name)));
  if (missing.length > 0)
    throw new SetupError(`npm could not install ${missing.join(', ')} on this platform.`);
}

/**
 * npm notes what it has installed in node_modules/.package-lock.json, at the end of every installation. Only packages
 * for other platforms may be missing from it.
 *
 * @param {Record<string, LockedPackage>} lock
 * @param {string} folder
 */
function isInstalled(lock, folder) {
  const installed = readPackages(join(folder, 'node_modules', '.package-lock.json'));
  return Object.entries(lock).every(([path, wanted]) => {
    if (path === '') return true;
    const found = installed[path];
    return found
      ? found.version === wanted.version && found.integrity === wanted.integrity
      : wanted.optional === true;
  });
}

/**
 * @typedef {{ version?: string, integrity?: string, optional?: boolean }} LockedPackage
 * @param {string} file
 * @returns {Record<string, LockedPackage>}
 */
function readPackages(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).packages : {};
}

// Optional for a host that uses the library, not for the program (docs/decisions/0001-packaging.md).
function programPackages() {
  return Object.keys(JSON.parse(readFileSync('package.json', 'utf8')).optionalDependencies);
}

/**
 * The npm that runs us, when one does, so that both are of one version.
 *
 * @param {string[]} args
 * @returns {[string, string[]]} program and arguments
 */
export function npm(args) {
  const { npm_execpath: path = '' } = process.env;
  return basename(path) === 'npm-cli.js' ? [process.execPath, [path, ...args]] : ['npm', args];
}
