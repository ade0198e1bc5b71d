import { execFileSync } from 'node:child_process';
import { aptInstall, canUseApt } from './apt.mjs';
import { findProgram } from './find-program.mjs';
import { SetupError } from './say.mjs';

// 7.0 is the first with `#!lua flags=allow-oom`, which revocations need when memory is full.
const LEAST_MAJOR = 7;
const NAMES = ['redis-server', 'valkey-server'];
const HOMEBREW = ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin'];

const CHOICES = `Choose one:
  Debian, Ubuntu:   sudo apt-get install redis-server
  macOS:            brew install redis
  Docker:           docker compose up --build: the program and its servers in containers (docker-compose.yml)
  a server you have: set REDIS_URL, for example REDIS_URL=redis://user:password@host:6379`;

/**
 * Finds redis-server 7 or newer, or Valkey; installs it where that needs nobody's consent.
 *
 * @returns {Promise<string>} the program's path
 * @throws {SetupError} when there is none.
 */
export async function ensureRedis() {
  const found = findSuitable();
  if (found) return found;
  if (canUseApt()) await aptInstall(['redis-server'], { service: 'redis-server' });
  const installed = findSuitable();
  if (installed) return installed;
  throw new SetupError(
    `Redis ${LEAST_MAJOR}.0 or newer (or Valkey) is needed and was not found.\n${CHOICES}`,
  );
}

function findSuitable() {
  const programs = NAMES.map((name) => findProgram(name, HOMEBREW));
  return programs.find((program) => program && majorOf(program) >= LEAST_MAJOR);
}

/** @param {string} program prints such as `Redis server v=7.0.15 sha=…` or `Valkey server v=8.1.1 sha=…` */
function majorOf(program) {
  const [, major] = /\bv=(\d+)\./.exec(execFileSync(program, ['--version'], { encoding: 'utf8' })) ?? [];
  return Number(major ?? 0);
}
