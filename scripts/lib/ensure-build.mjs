import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { buildConsole, isConsoleBuilt } from './build-console.mjs';
import { run } from './run.mjs';
import { say, SetupError } from './say.mjs';
import { takeLock } from './start-lock.mjs';

const DIST = 'dist';
const CONSOLE = join(DIST, 'console');
const STAMP = '.build-stamp';
// From the repository's folder, where scripts run: the path of a unix socket must be short.
const LOCK = join('node_modules', '.latchkey-build.sock');
const LOCK_POLL_MS = 100;
const TSC = join('node_modules', 'typescript', 'bin', 'tsc');
// Besides src: what the compiler reads, and the versions of the compiler and of the types.
const SETTINGS = ['tsconfig.json', 'tsconfig.build.json', 'package-lock.json'];

/**
 * Builds dist unless it was built from exactly these sources; of several processes at once, one does.
 *
 * @throws {SetupError} when the sources do not compile.
 */
export async function ensureBuild() {
  if (isBuilt() && isConsoleBuilt(CONSOLE)) return;
  let release;
  while (!(release = await takeLock(LOCK))) await delay(LOCK_POLL_MS);
  try {
    if (!isBuilt()) await build();
    else if (!isConsoleBuilt(CONSOLE)) await renewConsole();
  } finally {
    release();
  }
}

function isBuilt() {
  const stamp = join(DIST, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === digestOf(sources());
}

/**
 * Compiles src into a new dist, copies Lua scripts and lists beside the code that reads them, and builds the console. The
 * present dist stays until the new one is whole.
 *
 * @throws {SetupError} when the sources do not compile, or the console is too large.
 */
export async function build() {
  say('building dist');
  const files = sources();
  const digest = digestOf(files);
  const next = `dist.${process.pid}`;
  try {
    const code = await run(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--outDir', next]);
    if (code !== 0) throw new SetupError('the sources do not compile; the compiler says why above.');
    const assets = files.filter((file) => !file.endsWith('.ts'));
    for (const file of assets) cpSync(file, join(next, file.slice('src/'.length)));
    await buildConsole(join(next, 'console'));
    writeFileSync(join(next, STAMP), digest);
    rmSync(DIST, { recursive: true, force: true });
    renameSync(next, DIST);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

async function renewConsole() {
  const next = `dist.${process.pid}`;
  try {
    await buildConsole(next);
    rmSync(CONSOLE, { recursive: true, force: true });
    renameSync(next, CONSOLE);
  } finally {
    rmSync(next, { recursive: true, force: true });
  }
}

function sources() {
  const files = readdirSync('src', { recursive: true }).map((file) => join('src', String(file)));
  return files.filter((file) => /\.(ts|lua|bin)$/.test(file) && !file.endsWith('.spec.ts')).sort();
}

/** @param {string[]} files */
function digestOf(files) {
  const hash = createHash('sha256');
  for (const file of [...SETTINGS, ...files]) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest('hex');
}
