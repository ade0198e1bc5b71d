import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { type ChildOutput, outputOf } from './child-output.js';
import { compiledSources } from './compiled-sources.js';
import { temporaryDirectory } from './temporary-directory.js';

/** The program as a process of its own. */
export interface RunningProgram extends ChildOutput {
  pid: number;
  dataDir: string;
  signal(signal: NodeJS.Signals): void;
  /** Closes the launcher's channel, as the kernel does when the launcher is killed. Only where it was started with one. */
  abandon(): void;
  /** Exit code, and how long after `since` (of `performance.now()`) it came. */
  ended: Promise<{ code: number | null; atMs: number }>;
  /** Kills it if it still runs, and removes its files. */
  dispose(): Promise<void>;
}

export interface StartProgramOptions {
  launched?: boolean;
  sources?: string;
  nodeArguments?: string[];
}

const TEST_SETTINGS = {
  SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
  // The same for every program: a Redis that one has used refuses others.
  SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
  ARGON2_MEMORY_KIB: '1024',
};

/**
 * Starts the program from its sources, with these settings and a data directory of its own.
 * @param options.launched whether it has a channel to its launcher, as under npm start
 * @param options.sources other compiled sources than the present ones
 * @param options.nodeArguments for Node, before the program
 */
export async function startProgram(
  settings: Record<string, string>,
  { launched = false, sources, nodeArguments = [] }: StartProgramOptions = {},
): Promise<RunningProgram> {
  const dataDir = temporaryDirectory('lk-program-');
  const main = join(sources ?? (await compiledSources()), 'src', 'main.js');
  const child = spawn(process.execPath, [...nodeArguments, main], {
    cwd: dataDir,
    env: {
      PATH: process.env['PATH'],
      NODE_NO_WARNINGS: '1',
      DATA_DIR: dataDir,
      ...TEST_SETTINGS,
      ...settings,
    },
    stdio: launched ? ['ignore', 'pipe', 'pipe', 'ipc'] : ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, launched ? 'exit' : 'close').then(([code]) => ({
    code: code as number | null,
    atMs: performance.now(),
  }));
  return {
    pid: child.pid as number,
    dataDir,
    ...outputOf(child, ended),
    signal: (signal) => void child.kill(signal),
    abandon: () => child.disconnect(),
    ended,
    async dispose() {
      child.kill('SIGKILL');
      await ended;
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
