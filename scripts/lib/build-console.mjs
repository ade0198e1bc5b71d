import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { run } from './run.mjs';
import { say, SetupError } from './say.mjs';

const WEB = 'web';
const STAMP = '.build-stamp';
const VITE = join(WEB, 'node_modules', 'vite', 'bin', 'vite.js');
// The first visit should not keep anybody waiting, on a phone neither.
const MAX_GZIPPED_BYTES = 80_000;

/**
 * @param {string} folder where the pages were built to
 * @returns {boolean} whether they were built from exactly these sources
 */
export function isConsoleBuilt(folder) {
  const stamp = join(folder, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digestOf(sources());
}

/**
 * Builds the pages of web/ into a folder, which is emptied first.
 *
 * @param {string} folder
 * @throws {SetupError} when they do not build, or would be too large to send.
 */
export async function buildConsole(folder) {
  say('building the console');
  const digest = digestOf(sources());
  const args = [VITE, 'build', WEB, '--outDir', resolve(folder), '--emptyOutDir', '--logLevel', 'warn'];
  // Else Vite takes the pages for those of whatever the program itself runs as.
  const env = { ...process.env, NODE_ENV: 'production' };
  if ((await run(process.execPath, args, { env })) !== 0)
    throw new SetupError('the console does not build; the reason is above.');
  checkSize(folder);
  writeFileSync(join(folder, STAMP), digest);
}

/** @param {string} folder */
function checkSize(folder) {
  const bytes = filesIn(folder).reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
  if (bytes > MAX_GZIPPED_BYTES)
    throw new SetupError(
      `the console is ${bytes} bytes gzipped; it may be ${MAX_GZIPPED_BYTES}. Leave something out.`,
    );
  say(`the console is ${(bytes / 1000).toFixed(1)} kB gzipped`);
}

function sources() {
  const own = readdirSync(WEB, { withFileTypes: true }).filter((entry) => entry.isFile());
  const files = own.map((entry) => join(WEB, entry.name));
  const deep = ['src', 'public'].flatMap((folder) => filesIn(join(WEB, folder)));
  return [...files, ...deep].filter((file) => !/\.spec\.tsx?$/.test(file)).sort();
}

/** @param {string} folder */
function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** @param {string[]} files */
function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}
