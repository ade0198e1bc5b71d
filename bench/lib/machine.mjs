import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, platform, release, totalmem } from 'node:os';

const PACKAGES = [
  '@nestjs/core',
  'express',
  'express-session',
  'connect-redis',
  'passport',
  'ioredis',
  'better-auth',
  'fastify',
  '@fastify/session',
  'argon2',
];

/** What the figures were measured on, and what with. No names of machines or paths. @param {string} node */
export function describeMachine(node) {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${platform()} ${release().replace(/[^\d.].*/, '')}`,
    node: said(node, ['--version']),
    redis: /v=(\S+)/.exec(said('redis-server', ['--version']))?.[1] ?? 'unknown',
    /** Processes that wanted to run when the bench began. More than one, and somebody else was at work. */
    loadAtStart: Number((loadavg()[0] ?? 0).toFixed(2)),
    commit: said('git', ['rev-parse', '--short', 'HEAD']),
    versions: Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)])),
  };
}

/** @typedef {ReturnType<typeof describeMachine>} Machine */

/** @param {string} name */
function versionOf(name) {
  const file = [`bench/node_modules/${name}/package.json`, `node_modules/${name}/package.json`].find(
    existsSync,
  );
  return file ? String(JSON.parse(readFileSync(file, 'utf8')).version) : 'not installed';
}

/**
 * @param {string} program
 * @param {string[]} args
 */
function said(program, args) {
  try {
    return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return 'unknown';
  }
}
