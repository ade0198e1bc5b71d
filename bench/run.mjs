// npm run bench: what Latchkey costs, beside what people would use instead. See docs/benchmarks.md.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureBuild } from '../scripts/lib/ensure-build.mjs';
import { ensureInstall, npm } from '../scripts/lib/ensure-install.mjs';
import { ensureRedis } from '../scripts/lib/ensure-redis.mjs';
import { run } from '../scripts/lib/run.mjs';
import { runScript, say, SetupError } from '../scripts/lib/say.mjs';
import { parseSettings } from './lib/arguments.mjs';
import { describeMachine } from './lib/machine.mjs';
import { createContext } from './lib/scenario.mjs';
import { renderTables } from './lib/tables.mjs';
import { SCENARIOS } from './scenarios/index.mjs';

const VARIANT_LETTERS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'];

await runScript(async () => {
  const settings = parseSettings(process.argv.slice(2), {
    variants: VARIANT_LETTERS,
    scenarios: Object.keys(SCENARIOS),
  });
  await ensureInstall();
  await ensureRedis();
  await ensureBuild();
  await installPeers();
  const machine = describeMachine(settings.node);
  if (machine.loadAtStart > 1)
    say(`others are at work here (load ${machine.loadAtStart}): trust CPU times only`);
  const started = new Date();
  const context = createContext(settings, say);
  /** @type {Record<string, unknown>} */
  const results = {};
  for (const name of settings.scenarios) {
    const begun = performance.now();
    say(`${name}:`);
    await context.attempt(name, async () => {
      const { measure } = await import(`./scenarios/${SCENARIOS[name]}`);
      results[name] = await measure(context);
    });
    say(`${name} took ${((performance.now() - begun) / 1000).toFixed(0)} s`);
  }
  const file = settings.out ?? join('bench', 'results', `${started.toISOString().replaceAll(':', '-')}.json`);
  mkdirSync(dirname(file), { recursive: true });
  const { node: _node, out: _out, ...shown } = settings;
  const written = { at: started.toISOString(), machine, settings: shown, failed: context.failed, ...results };
  writeFileSync(file, `${JSON.stringify(written)}\n`);
  const text = renderTables(written);
  writeFileSync(file.replace(/\.json$/, '.md'), text);
  process.stdout.write(text);
  say(`results are in ${file}`);
  return context.failed.length > 0 ? 1 : 0;
});

/** The packages that Latchkey is measured beside, which are not Latchkey's own. */
async function installPeers() {
  if (existsSync(join('bench', 'node_modules', '.package-lock.json'))) return;
  say('installing what it is measured beside');
  const [program, args] = npm(['ci', '--no-fund', '--no-audit', '--prefix', 'bench']);
  if ((await run(program, args)) !== 0)
    throw new SetupError('npm ci in bench failed; its own message is above.');
}
