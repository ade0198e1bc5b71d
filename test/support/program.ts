import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

import { compiledSources } from './compiled-sources.js';
import { temporaryDirectory } from './temporary-directory.js';

/** The program as a process of its own. */
export interface RunningProgram {
  pid: number;
  dataDir: string;
  /** Every line of standard output and standard error so far. */
  output: string[];
  /** Resolves with the first line that matches, past or to come; rejects when the process ends without one. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
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
  const output: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface(stream as Readable).on('line', (line) => {
      output.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const ended = once(child, launched ? 'exit' : 'close').then(([code]) => ({
    code: code as number | null,
    atMs: performance.now(),
  }));
  return {
    pid: child.pid as number,
    dataDir,
    output,
    async line(pattern) {
      const matched = new Promise<RegExpExecArray>((resolve) => {
        const listener = (line: string): void => {
          const match = pattern.exec(line);
          if (match !== null) resolve(match);
        };
        output.forEach(listener);
        listeners.add(listener);
      });
      const failed = ended.then(({ code }) =>
        Promise.reject(new Error(`ended with ${code}:\n${output.join('\n')}`)),
      );
      return Promise.race([matched, failed]);
    },
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
