import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { compiledSources } from '../compiled-sources.js';
import { temporaryDirectory } from '../temporary-directory.js';

const SHOP_NODE = fileURLToPath(new URL('./shop-node.mjs', import.meta.url));

/** How long the requests of a node took, by its own clock, since it was last asked. */
export interface NodeTimes {
  /** Of the longest, from its head to its last byte. */
  longestMs: number;
  /** For how long at most it could do nothing because the machine was busy. */
  loopDelayMs: number;
}

/** Instances of the whole program, with a shop beside it, each a process of its own. */
export interface LoadedNodes {
  urls: string[];
  /** What the nodes have written to standard error. */
  output: string[];
  times(): Promise<NodeTimes[]>;
  /** What `npm run sessions -- doctor` says. @throws Error when that fails */
  doctor(): Promise<string>;
  /** Whether all of them are still the processes they were. */
  running(): boolean;
  stop(): Promise<void>;
}

/**
 * Starts nodes that share a database; argon2 is cheap in them, and nothing is throttled that one address may do often.
 * @param more settings beside those
 */
export async function startNodes(
  count: number,
  redisUrl: string,
  more: Record<string, string> = {},
): Promise<LoadedNodes> {
  const dataDir = temporaryDirectory('lk-load-');
  const sources = join(await compiledSources(), 'src');
  const env = { PATH: process.env['PATH'], NODE_NO_WARNINGS: '1', ...settings(dataDir, redisUrl), ...more };
  const output: string[] = [];
  const children: ChildProcess[] = [];
  const urls: string[] = [];
  for (let i = 0; i < count; i += 1) {
    const child = spawn(process.execPath, [SHOP_NODE, sources], {
      env,
      stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
    });
    child.stderr?.on('data', (text: Buffer) => output.push(String(text)));
    children.push(child);
    const ended = once(child, 'exit').then(([code]) => {
      throw new Error(`a node ended with ${code}:\n${output.join('')}`);
    });
    ended.catch(() => undefined);
    // One after the other: the first makes the tables.
    const [{ url }] = (await Promise.race([once(child, 'message'), ended])) as [{ url: string }];
    urls.push(url);
  }
  return {
    urls,
    output,
    times: () =>
      Promise.all(
        children.map(async (child) => {
          const answer = once(child, 'message');
          child.send('times');
          return ((await answer) as [NodeTimes])[0];
        }),
      ),
    async doctor() {
      const program = join(sources, 'cli', 'sessions.js');
      return (await promisify(execFile)(process.execPath, [program, 'doctor'], { env })).stdout;
    },
    running: () => children.every(({ exitCode, signalCode }) => exitCode === null && signalCode === null),
    async stop() {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

const settings = (dataDir: string, redisUrl: string): Record<string, string> => ({
  NODE_ENV: 'test',
  HOST: '127.0.0.1',
  PORT: '0',
  DATA_DIR: dataDir,
  REDIS_URL: redisUrl,
  SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
  SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
  LOG_LEVEL: 'silent',
  ARGON2_MEMORY_KIB: '1024',
  SESSION_LIMIT: '100',
  // Noted often, so that touches take part.
  TOUCH_INTERVAL: '1s',
  THROTTLE_REGISTRATIONS: '1000000',
});
