// npm run pack:check: is the package that npm would publish complete, and does it work where only a host's packages are?
import { randomBytes } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensureBuild } from './lib/ensure-build.mjs';
import { ensureInstall, npm } from './lib/ensure-install.mjs';
import { ensureRedis } from './lib/ensure-redis.mjs';
import { startPrivateRedis } from './lib/private-redis.mjs';
import { run } from './lib/run.mjs';
import { runScript, say, SetupError } from './lib/say.mjs';

await runScript(async () => {
  await ensureInstall();
  await ensureBuild();
  const redisServer = await ensureRedis();
  const folder = mkdtempSync(join(tmpdir(), 'latchkey-pack-'));
  try {
    const host = join(folder, 'host');
    await installInto(host, await pack(folder));
    checkFiles(join(host, 'node_modules', 'latchkey'));
    const tsc = resolve('node_modules/typescript/bin/tsc');
    await step('types, and the shop compiled', process.execPath, [tsc, '-p', 'tsconfig.json'], host);
    await step('types for a bundler', process.execPath, [tsc, '-p', 'tsconfig.bundler.json'], host);
    await step('the other entries', process.execPath, ['built/entries.js', redisServer], host);
    await checkOnRedis(host, {
      program: redisServer,
      socket: join(folder, 'redis.sock'),
      folder: join(folder, 'redis'),
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  say('the packed package is complete and works');
  return 0;
});

/**
 * @param {string} folder where the tarball goes
 * @returns {Promise<string>} its path
 */
async function pack(folder) {
  const [program, args] = npm(['pack', '--silent', '--pack-destination', folder]);
  await step('npm pack', program, args);
  return join(folder, readdirSync(folder).find((file) => file.endsWith('.tgz')) ?? '');
}

/**
 * The host application of scripts/pack-check, with the package and its peers in the versions we test with, without what is for the program only.
 *
 * @param {string} host
 * @param {string} tarball
 */
async function installInto(host, tarball) {
  const { peerDependencies } = readJson('package.json');
  const { packages } = readJson('package-lock.json');
  const peers = [...Object.keys(peerDependencies), '@types/node'].map((name) => {
    return `${name}@${packages[`node_modules/${name}`].version}`;
  });
  cpSync('scripts/pack-check', host, { recursive: true });
  const options = ['--omit=optional', '--no-package-lock', '--no-audit', '--no-fund', '--loglevel=error'];
  const [program, args] = npm(['install', ...options, tarball, ...peers]);
  await step('npm install', program, args, host);
}

/** @param {string} installed folder of the installed package */
function checkFiles(installed) {
  const files = filesIn(installed);
  const { main, types } = readJson(join(installed, 'package.json'));
  const assets = filesIn('src').filter((file) => /\.(lua|bin)$/.test(file));
  const wanted = [
    main,
    types,
    ...assets.map((file) => join('dist', file)),
    'README.md',
    'CHANGELOG.md',
    'LICENSE',
  ];
  const missing = wanted.filter((file) => !existsSync(join(installed, file)));
  if (missing.length > 0) throw new SetupError(`missing from the package: ${missing.join(', ')}`);
  checkConsole(join(installed, 'dist', 'console'));
  const surplus = files.filter((file) => /\.spec\.|^(src|test|scripts|\.)/.test(file));
  if (surplus.length > 0) throw new SetupError(`not for the package: ${surplus.join(', ')}`);
  say(`${files.length} files, ${assets.length} Lua scripts and lists among them`);
}

/** @param {string} folder of the console: its page, and every file that the page names */
function checkConsole(folder) {
  const page = readFileSync(join(folder, 'index.html'), 'utf8');
  const named = [...page.matchAll(/ (?:src|href)="\/console\/([^"]+)"/g)].map(([, file]) => String(file));
  for (const kind of ['.js', '.css', '.svg']) {
    const file = named.find((name) => name.endsWith(kind));
    if (!file || !existsSync(join(folder, file)))
      throw new SetupError(`the console is not whole: a ${kind} file is missing from the package.`);
  }
}

/**
 * @param {string} host
 * @param {Parameters<typeof startPrivateRedis>[0]} server
 */
async function checkOnRedis(host, server) {
  const redis = await startPrivateRedis(server);
  try {
    await step('import', process.execPath, ['esm.js', server.socket], host);
    await step('the shop over HTTP', process.execPath, ['built/shop/run.js'], host, {
      REDIS_SOCKET: server.socket,
      SESSION_SECRET: randomBytes(32).toString('base64url'),
      SESSION_INDEX_KEY: randomBytes(32).toString('base64url'),
    });
  } finally {
    await redis.stop();
  }
  // Node 20.19 and 22.12 are the first with it.
  if (/** @type {{ require_module?: boolean }} */ (process.features).require_module) {
    await step('require()', process.execPath, ['commonjs.cjs'], host);
  }
}

/**
 * @param {string} name
 * @param {string} program
 * @param {string[]} args
 * @param {string} [cwd]
 * @param {Record<string, string>} [env] beside this process's
 * @throws {SetupError} when the program fails; its output is on standard error.
 */
async function step(name, program, args, cwd, env) {
  const code = await run(program, args, { cwd, env: { ...process.env, ...env } });
  if (code !== 0) throw new SetupError(`${name}: failed with exit code ${code}`);
  say(`${name}: ok`);
}

/** @param {string} folder */
function filesIn(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** @param {string} file */
function readJson(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
