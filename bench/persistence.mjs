// The table of docs/persistence.md: what a crash of the only server loses, by how it keeps its data.
//
// node bench/persistence.mjs [requests a second: 300] [crashes of each kind: 5]
//
// It is the test of test/persistence.e2e-spec.ts; an answer that should not have been ends it with 1.
import { setTimeout as delay } from 'node:timers/promises';
import { ensureInstall } from '../scripts/lib/ensure-install.mjs';
import { ensureRedis } from '../scripts/lib/ensure-redis.mjs';
import { runScript, say } from '../scripts/lib/say.mjs';
import { describeMachine } from './lib/machine.mjs';
import { testSupport } from './lib/typescript.mjs';

const LOAD_MS = 1_500;
const COLUMNS = [
  'persistence',
  'crashes',
  'sessions before',
  'lost',
  'revocations before',
  'undone',
  'cart items lost',
  '503 until, ms after the crash',
];
const APPEND_ONLY = ['--appendonly', 'yes', '--appendfsync'];

/** @typedef {{ name: string, args: string[], prepare: (admin: any, support: any) => Promise<number | undefined> }} Kind */

/** @type {Kind[]} */
const KINDS = [
  { name: 'AOF, everysec', args: [...APPEND_ONLY, 'everysec'], prepare: async () => undefined },
  { name: 'AOF, always', args: [...APPEND_ONLY, 'always'], prepare: async () => undefined },
  {
    name: 'AOF, everysec, during a rewrite',
    args: [...APPEND_ONLY, 'everysec'],
    prepare: async (admin, { beginRewrite }) => {
      await beginRewrite(admin);
      return undefined;
    },
  },
  {
    name: `RDB, ${LOAD_MS / 1_000} s after a snapshot`,
    args: ['--appendonly', 'no'],
    prepare: async (admin, { snapshot }) => {
      const takenMs = await snapshot(admin);
      await delay(LOAD_MS);
      return takenMs;
    },
  },
];

await runScript(async () => {
  const [rate = 300, crashes = 5] = process.argv.slice(2).map(Number);
  await ensureInstall();
  await ensureRedis();
  const rows = [];
  const wrong = [];
  for (const kind of KINDS) {
    const { reports, violations } = await crashOften(kind, rate, crashes);
    const sum = (/** @type {string} */ name) =>
      String(reports.reduce((total, report) => total + Number(report[name]), 0));
    const counts = ['sessions', 'sessionsLost', 'revocations', 'revocationsUndone', 'cartItemsLost'].map(sum);
    const longestMs = Math.max(...reports.map(({ awayMs }) => awayMs));
    rows.push([kind.name, String(reports.length), ...counts, longestMs.toFixed(0)]);
    wrong.push(...violations);
  }
  console.log(`${rate} requests a second; ${JSON.stringify(describeMachine(process.execPath))}\n`);
  for (const row of [COLUMNS, COLUMNS.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
  for (const violation of wrong) say(violation);
  return wrong.length === 0 ? 0 : 1;
});

/**
 * @param {Kind} kind
 * @param {number} rate
 * @param {number} crashes
 */
async function crashOften({ args, prepare }, rate, crashes) {
  const support = await testSupport('load/persistence-run');
  const { LoadDriver } = await testSupport('load/driver');
  const { startNodes } = await testSupport('load/nodes');
  const redis = await support.startPersistent(args);
  const nodes = await startNodes(1, redis.url);
  const driver = new LoadDriver({ urls: nodes.urls, rate, users: 200, barrier: async () => true });
  try {
    await driver.start();
    const reports = [];
    for (let i = 0; i < crashes; i += 1) {
      await delay(LOAD_MS);
      const durableBeforeMs = await prepare(redis.client(), support);
      reports.push(await support.crash(driver, redis, { durableBeforeMs }));
    }
    await driver.finish();
    return { reports, violations: driver.model.violations };
  } finally {
    await driver.stop();
    await nodes.stop();
    await redis.stop();
  }
}
