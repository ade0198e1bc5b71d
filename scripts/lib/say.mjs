import { fileURLToPath } from 'node:url';

/**
 * One line of progress, on standard error: standard output belongs to the program, whose results may be piped.
 *
 * @param {string} text
 */
export function say(text) {
  process.stderr.write(`latchkey: ${text}\n`);
}

/** Something is missing or wrong that only the person at the keyboard can mend. The message says how. */
export class SetupError extends Error {}

/**
 * Runs a script's main function in the folder of package.json, where everything in scripts/lib expects to be. A SetupError becomes its message and exit code 1; anything else is a bug and keeps
 * its stack.
 *
 * @param {() => Promise<number>} main resolves to the exit code
 */
export async function runScript(main) {
  process.chdir(fileURLToPath(new URL('../..', import.meta.url)));
  try {
    process.exitCode = await main();
  } catch (error) {
    if (error instanceof SetupError) say(error.message);
    else console.error(error);
    process.exitCode = 1;
  }
}
