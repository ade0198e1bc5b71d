import { existsSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { join, relative } from 'node:path';
import { run } from './run.mjs';
import { SetupError } from './say.mjs';

const TSC = join('node_modules', 'typescript', 'bin', 'tsc');

/**
 * Compiles an example against dist, as a host would be compiled against the package. It finds `latchkey` in a
 * node_modules beside it that points back here, and everything else in the repository's: nothing has to be installed.
 *
 * @param {string} folder of the example, from the repository's
 * @throws {SetupError} when it does not compile.
 */
export async function compileExample(folder) {
  if (existsSync(join(folder, 'node_modules'))) {
    throw new SetupError(
      `Remove ${folder}/node_modules: within the repository an example uses the repository's packages, and two copies of Nest do not know each other's classes.`,
    );
  }
  linkPackage(join(folder, '..', 'node_modules'));
  const code = await run(process.execPath, [TSC, '-p', folder]);
  if (code !== 0) throw new SetupError(`${folder} does not compile; the compiler says why above.`);
}

/** @param {string} modules a node_modules, in which `latchkey` becomes a link to this repository */
function linkPackage(modules) {
  const link = join(modules, 'latchkey');
  mkdirSync(modules, { recursive: true });
  try {
    symlinkSync(relative(modules, '.') || '.', link, 'dir');
  } catch (error) {
    const exists = /** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST';
    if (!exists || !lstatSync(link).isSymbolicLink()) throw error;
  }
}
