import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { type ChildOutput, outputOf } from './child-output.js';
import { freePorts } from './redis-process.js';
import { temporaryDirectory } from './temporary-directory.js';

/** How long an example may take to start, beside everything else: it is compiled first, and the package too at times. */
export const EXAMPLE_TIMEOUT_MS = 120_000;

/** An example, started by its own `npm start`. */
export interface RunningExample extends ChildOutput {
  url: string;
  dataDir: string;
  /** Ends it as Ctrl-C does and removes its files. @returns its exit code, and the processes that are still there */
  stop(): Promise<{ code: number | null; left: string[] }>;
}

/**
 * Starts an example of `examples/` on a free port, with a Redis and a data folder of its own. It prints when it is ready;
 * wait for that line.
 * @param settings environment variables for it
 */
export async function startExample(
  name: string,
  settings: Record<string, string> = {},
): Promise<RunningExample> {
  const cwd = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const { scripts } = JSON.parse(readFileSync(`${cwd}/package.json`, 'utf8')) as {
    scripts: { start: string };
  };
  const dataDir = temporaryDirectory(`lk-${name}-`);
  const [port] = await freePorts(1);
  // Not npm itself, which would be half of the time that this takes.
  const child = spawn('/bin/sh', ['-c', scripts.start], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      NODE_NO_WARNINGS: '1',
      DATA_DIR: dataDir,
      PORT: String(port),
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null }));
  return {
    url: `http://127.0.0.1:${port}`,
    dataDir,
    ...outputOf(child, ended),
    async stop() {
      child.kill('SIGTERM');
      const { code } = await ended;
      const left = processesOf(dataDir);
      await rm(dataDir, { recursive: true, force: true });
      return { code, left };
    },
  };
}

/**
 * The command lines of all processes of an example, where the system shows such things: by their environment, or, since
 * servers write over theirs with a title, by the folder they work in.
 */
function processesOf(dataDir: string): string[] {
  const pids = process.platform === 'linux' ? readdirSync('/proc').filter((name) => /^\d+$/.test(name)) : [];
  const seen = <T>(look: () => T, otherwise: T): T => {
    try {
      return look();
    } catch {
      // Somebody else's, or gone.
      return otherwise;
    }
  };
  const read = (pid: string, file: string): string =>
    seen(() => readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' '), '');
  const started = pids.filter(
    (pid) =>
      seen(() => readlinkSync(`/proc/${pid}/cwd`), '').startsWith(dataDir) ||
      read(pid, 'environ').includes(`DATA_DIR=${dataDir} `),
  );
  return started.map((pid) => read(pid, 'cmdline')).filter((command) => command !== '');
}
