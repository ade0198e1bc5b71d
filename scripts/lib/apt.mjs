import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findProgram } from './find-program.mjs';
import { run } from './run.mjs';
import { say, SetupError } from './say.mjs';

// Debian asks this program before it starts a service; 101 is "no" (Debian policy, section 9.3.3).
const POLICY = { path: '/usr/sbin/policy-rc.d', text: '#!/bin/sh\nexit 101\n', mode: 0o755 };

/** Whether packages can be installed without asking anybody. */
export function canUseApt() {
  return process.platform === 'linux' && process.getuid?.() === 0 && findProgram('apt-get') !== undefined;
}

/**
 * Installs Debian packages for the programs in them: no service of theirs is started, now or when the machine boots.
 *
 * @param {string[]} packages
 * @param {{ service?: string, files?: { path: string, text: string, mode?: number }[] }} [options] the service that
 *   comes along, and files that are there during the installation only
 * @throws {SetupError} when apt-get fails; its output is on standard error.
 */
export async function aptInstall(packages, { service, files = [] } = {}) {
  say(`installing ${packages.join(' ')} with apt-get`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const remove = placeFiles([POLICY, ...files]);
  // A Ctrl-C must not leave them behind: with the policy in place no service of this machine would ever start again.
  process.once('exit', remove);
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  const leave = () => process.exit(1);
  for (const signal of signals) process.once(signal, leave);
  try {
    await aptGet(['update', '-qq'], env);
    await aptGet(['install', '-y', '-qq', '-o=Dpkg::Use-Pty=0', '--no-install-recommends', ...packages], env);
  } finally {
    remove();
    process.removeListener('exit', remove);
    for (const signal of signals) process.removeListener(signal, leave);
  }
  if (service === undefined) return;
  // Nor with the machine's next start; under systemd this asks systemctl.
  await run('update-rc.d', [service, 'disable']);
  say(`the system's own ${service} service is left switched off; Latchkey starts servers of its own`);
}

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
async function aptGet(args, env) {
  const code = await run('apt-get', args, { env });
  if (code !== 0) throw new SetupError(`apt-get ${args.join(' ')} failed; its own message is above.`);
}

/**
 * Writes the files that are not there yet.
 *
 * @param {{ path: string, text: string, mode?: number }[]} files
 * @returns {() => void} removes what was written
 */
function placeFiles(files) {
  const mine = files.filter(({ path }) => !existsSync(path));
  for (const { path, text, mode = 0o644 } of mine) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode, flag: 'wx' });
  }
  return () => mine.forEach(({ path }) => rmSync(path, { force: true }));
}
