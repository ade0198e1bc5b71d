import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';

/**
 * @typedef {object} RedisServer a redis-server of its own on a socket, that keeps nothing
 * @property {string} socket
 * @property {string} directory which goes with it; a place for other files of the same run
 * @property {Redis} control a connection for looking at it
 * @property {() => Promise<{ cpuUs: number, usedMemory: number }>} sample its CPU time and memory in bytes
 * @property {() => Promise<void>} stop
 */

// What the harness itself sends, and what a client sends once when it connects.
const NOT_OF_REQUESTS = new Set([
  'info',
  'config|resetstat',
  'client|setinfo',
  'client',
  'hello',
  'ping',
  'select',
]);

/** @returns {Promise<RedisServer>} */
export async function startRedis() {
  const directory = await mkdtemp(join(tmpdir(), 'lk-bench-'));
  const socket = join(directory, 'redis.sock');
  const options = [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--dir',
    directory,
    '--save',
    '',
    '--appendonly',
    'no',
  ];
  const child = spawn('redis-server', options, { stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: child.stdout })) if (/eady to accept/.test(line)) break;
  child.stdout.resume();
  const control = new Redis(socket, { enableAutoPipelining: false });
  return {
    socket,
    directory,
    control,
    sample: async () => statsOf(await control.info()),
    stop: async () => {
      control.disconnect();
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** @param {string} info the answer of INFO */
function statsOf(info) {
  const field = (/** @type {string} */ name) => Number(new RegExp(`^${name}:(.*)$`, 'm').exec(info)?.[1]);
  return {
    cpuUs: (field('used_cpu_user') + field('used_cpu_sys')) * 1e6,
    usedMemory: field('used_memory'),
  };
}

/**
 * Calls of each command since the server's counters were last reset.
 *
 * @param {Redis} control
 * @returns {Promise<Map<string, { calls: number, us: number }>>}
 */
export async function commandsOf(control) {
  const stats = await control.info('commandstats');
  const found = new Map();
  for (const [, name = '', calls, us] of stats.matchAll(/^cmdstat_([^:]+):calls=(\d+),usec=(\d+)/gm)) {
    if (!NOT_OF_REQUESTS.has(name)) found.set(name, { calls: Number(calls), us: Number(us) });
  }
  return found;
}
