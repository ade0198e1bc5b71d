// npm test: everything the tests need, then all of them with coverage. With arguments: what Jest makes of them.
import { runTests } from './lib/run-tests.mjs';
import { runScript } from './lib/say.mjs';

await runScript(() => runTests(process.argv.slice(2)));
