import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';

/**
 * Runs a program to its end. Its standard output goes to our standard error, unless `options.stdio` says otherwise.
 *
 * @param {string} program
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} the exit code, as a shell would give it: 128 + n when signal n ended it
 */
export async function run(program, args, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', process.stderr, process.stderr], ...options });
  const [code, signal] = await once(child, 'exit');
  return exitCodeOf(code, signal);
}

/**
 * @param {number | null} code
 * @param {NodeJS.Signals | null} signal
 */
export function exitCodeOf(code, signal) {
  return code ?? 128 + (signal ? constants.signals[signal] : 0);
}
