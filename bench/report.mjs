// npm run bench:report [-- results.json]: docs/benchmarks.md and its plots, from the results of a run, which are kept beside
// them as what is published. Without a file: from what is published already.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript, say } from '../scripts/lib/say.mjs';
import { renderPage } from './lib/page.mjs';
import { PLOTS } from './lib/plots.mjs';

const PUBLISHED = join('bench', 'results', 'published.json');
const PICTURES = join('docs', 'benchmarks');

await runScript(async () => {
  const [file] = process.argv.slice(2);
  if (file) copyFileSync(file, PUBLISHED);
  /** @type {import('./lib/tables.mjs').Results} */
  const results = JSON.parse(readFileSync(PUBLISHED, 'utf8'));
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES, { recursive: true });
  const plots = Object.entries(PLOTS).flatMap(([name, draw]) => {
    const picture = draw(results);
    if (!picture) return [];
    writeFileSync(join(PICTURES, name), picture);
    return [name];
  });
  writeFileSync(join('docs', 'benchmarks.md'), renderPage(results, plots));
  say(`docs/benchmarks.md and ${plots.length} plots are made`);
  return 0;
});
