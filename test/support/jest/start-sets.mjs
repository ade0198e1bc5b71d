// Jest's globalSetup: the Sentinel sets or Clusters that spec files share, when LATCHKEY_TEST_REDIS asks for them.
import { transform } from '@swc/core';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

// Many spec files use two at a time: one for most of it, and one for a program that is set up differently.
const SETS_PER_WORKER = 2;
const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const CACHE = join(ROOT, 'node_modules/.cache');

/** @param {{ maxWorkers: number }} globalConfig */
export default async function startSets({ maxWorkers }) {
  const topology = process.env.LATCHKEY_TEST_REDIS ?? 'single';
  if (topology === 'single') return;
  const { startSets: start } = await compiled('redis-sets');
  const overTls = process.env.LATCHKEY_TEST_REDIS_TLS === '1';
  const started = await start(topology, maxWorkers * SETS_PER_WORKER, overTls);
  const perWorker = Array.from({ length: maxWorkers }, (_, i) =>
    started.sets.slice(i * SETS_PER_WORKER, (i + 1) * SETS_PER_WORKER),
  );
  process.env.LATCHKEY_TEST_REDIS_SETS = JSON.stringify(perWorker);
  globalThis.stopRedisSets = started.stop;
}

// Jest does not compile what its setup imports.
/** @param {string} name of a module of test/support */
async function compiled(name) {
  await mkdir(CACHE, { recursive: true });
  const directory = await mkdtemp(join(CACHE, 'latchkey-sets-'));
  await writeFile(join(directory, 'package.json'), '{"type":"module"}');
  const support = ['redis-sets', 'redis-cluster', 'redis-sentinel', 'redis-process', 'tls'];
  for (const file of [...support.map((one) => `test/support/${one}`), 'src/testing/redis-process']) {
    const { code } = await transform(await readFile(join(ROOT, `${file}.ts`), 'utf8'), {
      jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
    });
    await mkdir(dirname(join(directory, file)), { recursive: true });
    await writeFile(join(directory, `${file}.js`), code);
  }
  try {
    return await import(pathToFileURL(join(directory, 'test/support', `${name}.js`)).href);
  } finally {
    await rm(directory, { recursive: true });
  }
}
