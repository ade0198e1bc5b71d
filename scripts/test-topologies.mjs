// npm run test:topologies: the end to end tests on Sentinel, then on a Cluster that speaks TLS. The names of those that
// are wanted may come first; with further arguments: the spec files that Jest makes of them.
import { runTests } from './lib/run-tests.mjs';
import { runScript } from './lib/say.mjs';

/** @type {Record<string, Record<string, string>>} */
const TOPOLOGIES = {
  sentinel: { LATCHKEY_TEST_REDIS: 'sentinel' },
  cluster: { LATCHKEY_TEST_REDIS: 'cluster', LATCHKEY_TEST_REDIS_TLS: '1' },
};

await runScript(async () => {
  const args = process.argv.slice(2);
  const named = args.filter((arg) => arg in TOPOLOGIES);
  const others = args.filter((arg) => !(arg in TOPOLOGIES));
  let exitCode = 0;
  for (const name of named.length > 0 ? named : Object.keys(TOPOLOGIES)) {
    // Coverage is of src, whatever Redis is: npm test has it.
    exitCode = (await runTests(['--coverage=false', ...others], TOPOLOGIES[name])) || exitCode;
  }
  return exitCode;
});
