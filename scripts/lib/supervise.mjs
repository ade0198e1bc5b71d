import { spawn } from 'node:child_process';
import { exitCodeOf } from './run.mjs';
import { say } from './say.mjs';

// The program goes on for SHUTDOWN_DELAY, answers what it has begun and leaves within 10 s; longer than that and it hangs.
const DRAIN_TIMEOUT_MS = 15_000;

/**
 * How long the program may take to end, ms. As the program itself knows it, which is built by the time it is run.
 *
 * @param {NodeJS.ProcessEnv} env
 */
async function longestEndMs(env) {
  const { shutdownDelayMs } = await import(
    String(new URL('../../dist/config/shutdown-delay.js', import.meta.url))
  );
  return shutdownDelayMs(env) + DRAIN_TIMEOUT_MS;
}

/**
 * Resolves at the first signal that asks this process to end. From now on no such signal ends it by itself: a
 * terminal's Ctrl-C arrives twice under npm, and what was started must be stopped in order.
 *
 * @returns {Promise<void>}
 */
export function stopRequest() {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve());
  });
}

/**
 * Runs a Node program until it ends, and tells it to end, once, when asked to.
 *
 * @param {string[]} args of node
 * @param {{ env: NodeJS.ProcessEnv, stop: Promise<unknown>, cwd?: string }} options `stop`: resolves when it is to end
 * @returns {Promise<number>} its exit code
 */
export async function supervise(args, { env, stop, cwd }) {
  const endMs = await longestEndMs(env);
  // A process group of its own: a terminal's Ctrl-C reaches it through us only.
  const child = spawn(process.execPath, args, {
    env,
    cwd,
    detached: true,
    // The channel says nothing; that it closes tells the program that we are gone, SIGKILL included.
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(exitCodeOf(code, signal)));
  });
  let timer;
  void stop.then(() => {
    child.kill('SIGTERM');
    timer = setTimeout(() => {
      say('the program does not end by itself and is killed');
      child.kill('SIGKILL');
    }, endMs);
    timer.unref();
  });
  try {
    return await ended;
  } finally {
    clearTimeout(timer);
  }
}
