import { transform } from '@swc/core';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CACHE = join(ROOT, 'node_modules', '.cache', 'latchkey');

let compiled: Promise<string> | undefined;

/**
 * Compiles the sources as Jest does, into a directory that is named for their content, so that tests of the program
 * as a process need no build before them and cannot test an old one.
 *
 * @returns the directory; `src/main.js` in it is the program.
 */
export function compiledSources(): Promise<string> {
  compiled ??= compile();
  return compiled;
}

async function compile(): Promise<string> {
  const all = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  const names = all
    .filter((name) => /\.(ts|lua|bin)$/.test(name) && !name.endsWith('.spec.ts'))
    .map((name) => join('src', name));
  const files = [...names.sort(), 'package.json'];
  const hash = createHash('sha256');
  for (const name of files) hash.update(`${name}\0`).update(readFileSync(join(ROOT, name)));
  const directory = join(CACHE, hash.digest('hex').slice(0, 16));
  if (existsSync(directory)) return directory;
  // Another spec file may be at it too: the first to be done wins, and nobody sees a half of it.
  const unfinished = `${directory}.${process.pid}`;
  for (const name of files) await place(name, unfinished);
  try {
    renameSync(unfinished, directory);
  } catch {
    rmSync(unfinished, { recursive: true });
  }
  return directory;
}

async function place(name: string, directory: string): Promise<void> {
  const target = join(directory, name.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(target), { recursive: true });
  if (!name.endsWith('.ts')) {
    copyFileSync(join(ROOT, name), target);
    return;
  }
  writeFileSync(target, await compileText(readFileSync(join(ROOT, name), 'utf8'), name));
}

/** Compiles one file as Jest does. @returns its JavaScript */
export async function compileText(text: string, filename: string): Promise<string> {
  const { code } = await transform(text, {
    filename,
    jsc: {
      target: 'es2022',
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true },
      keepClassNames: true,
    },
    module: { type: 'es6' },
  });
  return code;
}
