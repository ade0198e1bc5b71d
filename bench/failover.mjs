// The table of docs/failover.md: what the loss of a primary does to two nodes of the program under mixed traffic.
//
// node bench/failover.mjs [requests a second, both nodes together: 500] [losses of each kind: 5]
//
// It is the test of test/failover.e2e-spec.ts, at a higher rate; an answer that should not have been ends it with 1.
import { ensureInstall } from '../scripts/lib/ensure-install.mjs';
import { ensureRedis } from '../scripts/lib/ensure-redis.mjs';
import { runScript, say } from '../scripts/lib/say.mjs';
import { describeMachine } from './lib/machine.mjs';
import { testSupport } from './lib/typescript.mjs';

const COLUMNS = [
  'Redis',
  'primary',
  'losses',
  'successor after, ms',
  '503 from, ms',
  '503 until, ms',
  'answers 503',
  '… of users of other shards',
  'longest request, ms',
  '… by the node’s clock',
  'at risk',
  'sessions lost',
  'revocations undone',
  'cart items lost',
];

await runScript(async () => {
  const [rate = 500, losses = 5] = process.argv.slice(2).map(Number);
  await ensureInstall();
  await ensureRedis();
  const { failOver, startUnderLoad } = await testSupport('load/failover-run');
  const { loadedCluster, loadedSentinel } = await testSupport('load/loaded-redis');
  const rows = [];
  const wrong = [];
  for (const start of [loadedSentinel, loadedCluster]) {
    const program = await startUnderLoad(start, { rate, users: 200 });
    try {
      for (const blow of ['kill', 'freeze']) {
        const reports = [];
        for (let i = 0; i < losses; i += 1) {
          reports.push(await failOver(program, blow));
          const { counts, undoneMs } = reports.at(-1);
          say(`${program.redis.name}, ${blow} ${i + 1} of ${losses}: ${counts}`);
          for (const ms of undoneMs)
            say(`a revocation is undone that was acknowledged after ${ms.toFixed(0)} ms`);
        }
        rows.push(rowOf(program.redis.name, blow, reports));
      }
      await program.driver.finish();
      wrong.push(...program.driver.model.violations);
      if (program.driver.skipped > 0) say(`${program.driver.skipped} requests were not sent in time`);
    } finally {
      await program.stop();
    }
  }
  const machine = describeMachine(process.execPath);
  console.log(`${rate} requests a second; ${JSON.stringify(machine)}\n`);
  for (const row of [COLUMNS, COLUMNS.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
  for (const violation of wrong) say(violation);
  return wrong.length === 0 ? 0 : 1;
});

/**
 * @param {string} name
 * @param {string} blow
 * @param {any[]} reports
 * @returns {string[]}
 */
function rowOf(name, blow, reports) {
  const nodes = reports.flatMap((report) => report.nodes);
  const sum = (/** @type {(report: any) => number} */ of) =>
    String(reports.reduce((total, one) => total + of(one), 0));
  const requests = nodes.reduce((total, { requests: some }) => total + some, 0);
  const unavailable = nodes.reduce((total, { unavailable: some }) => total + some, 0);
  const healthy = reports.map((report) => report.healthy);
  return [
    name,
    blow === 'kill' ? 'killed' : 'frozen',
    String(reports.length),
    range(reports.map((report) => report.promotedMs)),
    range(nodes.map(({ firstMs }) => firstMs)),
    range(nodes.map(({ lastMs }) => lastMs)),
    `${unavailable} of ${requests}`,
    name === 'cluster'
      ? `${healthy.reduce((total, one) => total + one.unavailable, 0)} of ${healthy.reduce((total, one) => total + one.requests, 0)}`
      : '–',
    range(reports.map((report) => report.longestMs)),
    range(nodes.map(({ longestMs }) => longestMs)),
    sum((one) => one.atRisk),
    sum((one) => one.sessionsLost),
    sum((one) => one.revocationsUndone),
    sum((one) => one.cartItemsLost),
  ];
}

/**
 * @param {(number | undefined)[]} values
 * @returns {string} median and largest
 */
function range(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const [median, most] = [sorted[sorted.length >> 1] ?? 0, sorted.at(-1) ?? 0];
  return `${median.toFixed(0)}, at most ${most.toFixed(0)}`;
}
