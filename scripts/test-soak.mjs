// npm run test:soak: the spec files that try something at random, for much longer than npm test does. With arguments:
// the spec files that Jest makes of them.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runTests } from './lib/run-tests.mjs';
import { runScript } from './lib/say.mjs';

await runScript(() => {
  const args = process.argv.slice(2);
  return runTests(args.length > 0 ? args : ['--runTestsByPath', ...soakSpecs()], { LATCHKEY_SOAK: '1' });
});

function soakSpecs() {
  return readdirSync('test', { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('spec.ts'))
    .map((name) => join('test', name))
    .filter((path) => readFileSync(path, 'utf8').includes('/soak.js'));
}
