// npm run build: dist, from scratch. The other scripts build by themselves when something has changed.
import { build } from './lib/ensure-build.mjs';
import { ensureInstall } from './lib/ensure-install.mjs';
import { runScript } from './lib/say.mjs';

await runScript(async () => {
  await ensureInstall();
  await build();
  return 0;
});
