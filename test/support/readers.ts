import { execFile, type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { temporaryDirectory } from './temporary-directory.js';
import {
  headerValues,
  type ReaderSettings,
  type SessionVector,
  type Verdict,
} from './vectors/session-vector.js';
import { sessionVectors } from './vectors/session-vectors.js';

const run = promisify(execFile);
const CLIENTS = fileURLToPath(new URL('../../clients', import.meta.url));

// A busy machine takes its time; only what is about a server that never answers waits for less.
const PATIENCE_MS = '10000';

/** The Redis user that readers are. */
export const READER = { user: 'reader', password: 'a-reader-of-the-tests' };

/** The languages in which there is a reader. */
export const LANGUAGES = ['python', 'php', 'java'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Arguments for a server that knows that user, who may do what docs/session-format.md says, and nothing else. */
export function readerMayOnly(): string[] {
  const page = readFileSync(new URL('../../docs/session-format.md', import.meta.url), 'utf8');
  const rule = /```acl-reader\n(.+)\n```/.exec(page)?.[1];
  if (rule === undefined) throw new Error('docs/session-format.md has no access rule acl-reader.');
  // One of the vectors has another prefix.
  const words = rule.split(' ').flatMap((word) => [...new Set([word, word.replace('lk:', 'shop:')])]);
  return ['--user', READER.user, 'on', `>${READER.password}`, ...words];
}

/** A request, as a reader is asked about it. */
export interface ReaderRequest {
  settings: ReaderSettings;
  cookie: string[];
  authorization: string[];
}

/** What a reader is asked about a vector. */
export const requestOf = (vector: SessionVector): ReaderRequest => ({
  settings: { ...sessionVectors.defaults, ...vector.settings },
  cookie: headerValues(vector, 'cookie'),
  authorization: headerValues(vector, 'authorization'),
});

/** A program in another language that says whose session a request is in. */
export interface Reader {
  ask(request: ReaderRequest): Promise<Verdict | { unavailable: true }>;
  close(): Promise<void>;
}

/** What the readers need: interpreters, and the compiled one in Java. */
export interface ReaderPrograms {
  /** @param where `REDIS_SOCKET`, or `REDIS_HOST`, `REDIS_PORT` and `REDIS_CA`; `REDIS_TIMEOUT_MS` */
  start(language: Language, where: Record<string, string>): Reader;
  /** Runs the example of the Python reader's README, with this behind it. @returns what it prints */
  runPythonExample(more: string, env: Record<string, string>): Promise<string>;
  /** Compiles the examples of the other two. @throws with what the compiler says */
  compileExamples(): Promise<void>;
  remove(): Promise<void>;
}

/** Finds the interpreters, installs them where that needs nobody's consent, and compiles what has to be. */
export async function prepareReaders(): Promise<ReaderPrograms> {
  const script = fileURLToPath(new URL('../../scripts/languages.mjs', import.meta.url));
  const { stdout } = await run(process.execPath, [script]);
  const programs = JSON.parse(stdout) as Record<'python' | 'php' | 'java' | 'javac', string>;
  const classes = temporaryDirectory('lk-java-');
  const sources = (await readdir(join(CLIENTS, 'java'))).filter((name) => name.endsWith('.java'));
  await run(programs.javac, ['-Xlint:all', '-Werror', '-d', classes, ...sources], {
    cwd: join(CLIENTS, 'java'),
  });
  const commands: Record<Language, [string, ...string[]]> = {
    // Without files of compiled code beside the sources.
    python: [programs.python, '-B', join(CLIENTS, 'python/verdicts.py')],
    php: [
      programs.php,
      '-d',
      'error_reporting=-1',
      '-d',
      'display_errors=stderr',
      join(CLIENTS, 'php/verdicts.php'),
    ],
    java: [programs.java, '-XX:TieredStopAtLevel=1', '-cp', classes, 'latchkey.Verdicts'],
  };
  return {
    start: (language, where) => startReader(commands[language], where),
    async runPythonExample(more, env) {
      const text = `${exampleOf('python')}\n${more}\n`;
      const cwd = join(CLIENTS, 'python');
      return (await run(programs.python, ['-B', '-c', text], { cwd, env })).stdout;
    },
    async compileExamples() {
      const [php, java] = [join(classes, 'example.php'), join(classes, 'Who.java')];
      await writeFile(php, exampleOf('php'));
      await run(programs.php, ['-l', php]);
      await writeFile(java, exampleOf('java'));
      await run(programs.javac, ['-Xlint:all', '-Werror', '-cp', classes, '-d', classes, java]);
    },
    remove: () => rm(classes, { recursive: true, force: true }),
  };
}

function exampleOf(language: Language): string {
  const page = readFileSync(join(CLIENTS, language, 'README.md'), 'utf8');
  return new RegExp('```' + language + '\\n([^]+?)```').exec(page)?.[1] ?? '';
}

function startReader([program, ...args]: [string, ...string[]], where: Record<string, string>): Reader {
  const access = {
    REDIS_USER: READER.user,
    REDIS_PASSWORD: READER.password,
    REDIS_TIMEOUT_MS: PATIENCE_MS,
  };
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], ...access, ...where },
  });
  const complaints: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => complaints.push(chunk.toString()));
  const waiting: { resolve(line: string): void; reject(error: Error): void }[] = [];
  createInterface(child.stdout).on('line', (line) => waiting.shift()?.resolve(line));
  const fail = () => {
    for (const one of waiting.splice(0)) one.reject(new Error(`${program} ended:\n${complaints.join('')}`));
  };
  child.once('error', fail).once('close', fail);
  child.stdin.on('error', () => undefined);
  return {
    async ask(request) {
      if (child.exitCode !== null) throw new Error(`${program} has ended:\n${complaints.join('')}`);
      const answer = new Promise<string>((resolve, reject) => waiting.push({ resolve, reject }));
      child.stdin.write(`${JSON.stringify(request)}\n`);
      const line = await answer;
      if (complaints.length > 0) throw new Error(`${program} complains:\n${complaints.join('')}`);
      return JSON.parse(line) as Verdict;
    },
    close: () => end(child),
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
