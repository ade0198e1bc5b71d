// The packages alone; the other scripts do this by themselves.
import { ensureInstall } from './lib/ensure-install.mjs';
import { runScript } from './lib/say.mjs';

await runScript(async () => {
  await ensureInstall();
  return 0;
});
