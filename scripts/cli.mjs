// npm run user, npm run sessions: the operators' commands. Only their results go to standard output.
import { loadDotEnv } from './lib/dot-env.mjs';
import { ensureBuild } from './lib/ensure-build.mjs';
import { ensureInstall } from './lib/ensure-install.mjs';
import { run } from './lib/run.mjs';
import { runScript } from './lib/say.mjs';

await runScript(async () => {
  const [command, ...args] = process.argv.slice(2);
  await ensureInstall();
  loadDotEnv();
  await ensureBuild();
  return run(process.execPath, ['--enable-source-maps', `dist/cli/${command}.js`, ...args], {
    stdio: 'inherit',
  });
});
