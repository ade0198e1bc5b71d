import { spawn } from 'node:child_process';
import { chmodSync, closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { RedisConnection } from './redis-connection.mjs';
import { say, SetupError } from './say.mjs';
import { takeLock } from './start-lock.mjs';

const CONFIGURATION = fileURLToPath(new URL('../../deploy/redis.conf', import.meta.url));
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 10;

/**
 * @typedef {object} PrivateRedis
 * @property {string} log its log file
 * @property {Promise<unknown>} closed resolves when the server has ended
 * @property {() => Promise<void>} stop ends it with everything written to disk
 */

/**
 * Starts redis-server on a unix socket that only this user can open, with its append-only file under the data folder;
 * or takes over the one that a killed run left behind. It accepts commands when this resolves.
 *
 * @param {{ program: string, socket: string, folder: string }} options `folder`: for its data and its log
 * @returns {Promise<PrivateRedis>}
 * @throws {SetupError} when it does not start.
 */
export async function startPrivateRedis({ program, socket, folder }) {
  const log = join(folder, 'redis.log');
  makePrivate(dirname(socket));
  makePrivate(folder);
  const release = await takeLock(join(dirname(socket), 'start.sock'));
  if (!release) {
    throw new SetupError(
      `Latchkey runs on the data in ${dirname(folder)} already. Stop it, or set DATA_DIR (or REDIS_URL and DATABASE_URL) for this one.`,
    );
  }
  const left = await tryToConnect(socket);
  if (left) say('taking over the redis-server of an earlier run that was killed');
  const server = left ? undefined : spawnServer({ program, socket, folder, log });
  const connection = await untilReady(socket, left, server, log);
  const ended = server?.ended ?? connection.closed;
  return {
    log,
    closed: connection.closed,
    async stop() {
      const failure = await connection.shutdown();
      await ended;
      release();
      if (failure) say(`redis-server could not write its data (${failure}); its log is ${log}`);
    },
  };
}

/**
 * @param {string} folder made if need be, and closed to everybody else
 * @throws {SetupError} when it is somebody else's, who could put a server of his own behind the socket.
 */
function makePrivate(folder) {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (statSync(folder).uid !== process.getuid?.()) {
    throw new SetupError(`${folder} belongs to another user. Start as that user, or remove it.`);
  }
  chmodSync(folder, 0o700);
}

/** @param {{ program: string, socket: string, folder: string, log: string }} options */
function spawnServer({ program, socket, folder, log }) {
  // What it keeps and how is the same as in a deployment.
  const settings = { port: '0', unixsocket: socket, unixsocketperm: '700', dir: folder, daemonize: 'no' };
  const args = [CONFIGURATION, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])];
  const output = openSync(log, 'a', 0o600);
  const child = spawn(program, args, {
    // Its own process group: a terminal's Ctrl-C must reach it only after the program has drained.
    detached: true,
    stdio: ['ignore', output, output],
    // It refuses to start under a locale that is not installed.
    env: { ...process.env, LC_ALL: 'C' },
  });
  closeSync(output);
  const ended = new Promise((resolve) => {
    child.once('error', resolve);
    child.once('exit', resolve);
  });
  return { ended, kill: () => child.kill('SIGKILL') };
}

/**
 * @param {string} socket
 * @param {RedisConnection | undefined} connection
 * @param {{ ended: Promise<unknown>, kill: () => void } | undefined} server
 * @param {string} log
 * @returns {Promise<RedisConnection>}
 */
async function untilReady(socket, connection, server, log) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  let over = false;
  void server?.ended.then(() => (over = true));
  // One that answers but is not ready yet is reading its data, which may take as long as it likes.
  while (!over && (connection || Date.now() < deadline)) {
    connection ??= await tryToConnect(socket);
    if (connection && (await connection.ping())) return connection;
    await delay(POLL_MS);
  }
  server?.kill();
  throw new SetupError(`redis-server did not start; its log is ${log}`);
}

/** @param {string} socket */
async function tryToConnect(socket) {
  try {
    return await RedisConnection.open(socket);
  } catch {
    return undefined;
  }
}
