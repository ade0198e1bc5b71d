// npm run bench:report [-- results.json …]: docs/benchmarks.md and its plots, from the results of a run, and of runs of other
// versions of Node, which are kept beside them as what is published. Without a file: from what is published already.
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runScript, say } from '../scripts/lib/say.mjs';
import { renderPage } from './lib/page.mjs';
import { PLOTS } from './lib/plots.mjs';

const RESULTS = join('bench', 'results');
const PUBLISHED = join(RESULTS, 'published.json');
const PICTURES = join('docs', 'benchmarks');

await runScript(async () => {
  const [file, ...files] = process.argv.slice(2);
  if (file) {
    for (const other of ofOtherVersions()) rmSync(other);
    copyFileSync(file, PUBLISHED);
    for (const [i, other] of files.entries())
      copyFileSync(other, join(RESULTS, `published-other-${i + 1}.json`));
  }
  const results = read(PUBLISHED);
  const others = ofOtherVersions().map(read);
  rmSync(PICTURES, { recursive: true, force: true });
  mkdirSync(PICTURES, { recursive: true });
  const plots = Object.entries(PLOTS).flatMap(([name, draw]) => {
    const picture = draw(results);
    if (!picture) return [];
    writeFileSync(join(PICTURES, name), picture);
    return [name];
  });
  writeFileSync(join('docs', 'benchmarks.md'), renderPage(results, others, plots));
  say(`docs/benchmarks.md and ${plots.length} plots are made`);
  return 0;
});

function ofOtherVersions() {
  const names = readdirSync(RESULTS).filter((name) => /^published-other-\d+\.json$/.test(name));
  return names.sort().map((name) => join(RESULTS, name));
}

/** @param {string} file @returns {import('./lib/tables.mjs').Results} */
function read(file) {
  return JSON.parse(readFileSync(file, 'utf8'));
}
