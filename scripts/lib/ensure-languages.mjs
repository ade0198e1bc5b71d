import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { aptInstall, canUseApt } from './apt.mjs';
import { findProgram } from './find-program.mjs';
import { SetupError } from './say.mjs';

const LEAST_JAVA = 17;

const CHOICES = `Choose one:
  Debian, Ubuntu:   sudo apt-get install python3-redis php-cli php-redis default-jdk-headless
  macOS:            brew install python php openjdk; pip3 install redis; pecl install redis
  somewhere else:   LATCHKEY_TEST_PYTHON, LATCHKEY_TEST_PHP: the interpreters, which have redis-py and phpredis;
                    LATCHKEY_TEST_JAVA_HOME: a JDK ${LEAST_JAVA} or newer`;

/**
 * Finds what the session readers in other languages are tested with; installs it where that needs nobody's consent.
 *
 * @returns {Promise<{ python: string, php: string, java: string, javac: string }>} the programs' paths
 * @throws {SetupError} naming what is missing, and the choices
 */
export async function ensureLanguages() {
  const found = find();
  const packages = missing(found).flatMap(([, debian]) => debian);
  if (packages.length > 0 && canUseApt()) await aptInstall(packages);
  const { python, php, javac } = packages.length > 0 ? find() : found;
  if (python && php && javac) return { python, php, javac, java: join(javac, '../java') };
  const names = missing({ python, php, javac }).map(([name]) => name);
  throw new SetupError(`The tests of clients/ need ${names.join(' and ')}, not found here.\n${CHOICES}`);
}

/** @typedef {{ python?: string | undefined, php?: string | undefined, javac?: string | undefined }} Found */

/** @returns {Found} */
function find() {
  const { LATCHKEY_TEST_PYTHON, LATCHKEY_TEST_PHP, LATCHKEY_TEST_JAVA_HOME, JAVA_HOME } = process.env;
  const javas = [LATCHKEY_TEST_JAVA_HOME, JAVA_HOME].map((home) => home && join(home, 'bin/javac'));
  return {
    // Another one may come first in PATH than that which Debian's packages are for.
    python: [LATCHKEY_TEST_PYTHON, findProgram('python3'), '/usr/bin/python3'].find(
      (program) => program && succeeds(program, ['-c', 'import redis']),
    ),
    php: [LATCHKEY_TEST_PHP, findProgram('php')].find(
      (program) => program && succeeds(program, ['-r', 'exit(extension_loaded("redis") ? 0 : 1);']),
    ),
    javac: [...javas, findProgram('javac')].find((program) => program && majorOf(program) >= LEAST_JAVA),
  };
}

/** @param {Found} found */
function missing({ python, php, javac }) {
  /** @type {[string, string[], string | undefined][]} */
  const needed = [
    ['Python 3 with redis-py', ['python3', 'python3-redis'], python],
    ['PHP with phpredis', ['php-cli', 'php-redis'], php],
    [`a JDK ${LEAST_JAVA}`, ['default-jdk-headless'], javac],
  ];
  return needed.filter(([, , program]) => !program);
}

/**
 * @param {string} program
 * @param {string[]} args
 */
const succeeds = (program, args) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;

/** @param {string} javac prints such as `javac 17.0.21` */
function majorOf(javac) {
  const { stdout } = spawnSync(javac, ['-version'], { encoding: 'utf8' });
  return Number(/^javac (\d+)/.exec(stdout ?? '')?.[1] ?? 0);
}
