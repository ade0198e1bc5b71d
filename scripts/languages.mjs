// Says, as JSON, where the programs are that the tests of clients/ need; installs them where that needs nobody's consent.
import { ensureLanguages } from './lib/ensure-languages.mjs';
import { runScript } from './lib/say.mjs';

await runScript(async () => {
  process.stdout.write(JSON.stringify(await ensureLanguages()));
  return 0;
});
