import { figure, spreadFigure, table } from './markdown.mjs';
import { ratio, spread } from './statistics.mjs';
import { VARIANTS } from './variants.mjs';

/** @typedef {import('../scenarios/read.mjs').ReadRun} ReadRun */

/** The textbook, which the ratios are to. */
const REFERENCE = 'b';

/**
 * @typedef {object} ReadRow one variant with one kind of credentials, over all rounds
 * @property {string} variant
 * @property {string} name
 * @property {string} credentials
 * @property {ReadRun[]} runs
 * @property {import('./statistics.mjs').Spread} perSecond
 * @property {import('./statistics.mjs').Spread} cpuUs
 * @property {import('./statistics.mjs').Spread | null} faster how many times the requests per second of the textbook
 */

/**
 * @param {readonly ReadRun[]} runs
 * @returns {ReadRow[]} in the order of the variants
 */
export function readRows(runs) {
  /** @type {Map<string, ReadRun[]>} */
  const groups = new Map();
  for (const run of runs) {
    const key = `${run.variant} ${run.credentials}`;
    groups.set(key, [...(groups.get(key) ?? []), run]);
  }
  const sorted = [...groups.values()].sort(([x], [y]) => (x?.variant ?? '').localeCompare(y?.variant ?? ''));
  return sorted.map((group) => {
    const { variant, credentials } = /** @type {ReadRun} */ (group[0]);
    const of = (/** @type {(run: ReadRun) => number} */ value) => spread(group.map(value));
    // Bearer tokens are compared with the one cookie of those who know none.
    const alike = credentials === 'bearer' ? 'one cookie' : credentials;
    const reference = groups.get(`${REFERENCE} ${alike}`) ?? [];
    return {
      variant,
      name: VARIANTS[variant]?.name ?? '',
      credentials: VARIANTS[variant]?.entry === 'none' ? 'none' : credentials,
      runs: group,
      perSecond: of((run) => run.perSecond),
      cpuUs: of((run) => run.cpuUs),
      faster: ratio(byRound(group), byRound(reference)),
    };
  });
}

/** @param {readonly ReadRun[]} runs */
const byRound = (runs) => new Map(runs.map((run) => [run.round, run.perSecond]));

/** @param {readonly ReadRun[]} runs */
export function readTable(runs) {
  const head = [
    'variant',
    'credentials',
    'req/s',
    '× (b)',
    'p50 ms',
    'p99 ms',
    'p99.9 ms',
    'CPU µs',
    'Redis µs',
    'Redis commands',
    'RSS MB',
  ];
  const rows = readRows(runs).map((row) => {
    const median = (/** @type {(run: ReadRun) => number} */ value) =>
      figure(spread(row.runs.map(value)).median);
    return [
      `(${row.variant}) ${row.name}`,
      row.credentials,
      spreadFigure(row.perSecond),
      row.faster ? figure(row.faster.median) : '–',
      median((run) => run.latency.p50),
      median((run) => run.latency.p99),
      median((run) => run.latency.p999),
      spreadFigure(row.cpuUs),
      median((run) => run.redisUs),
      commandsOf(row.runs),
      median((run) => run.rssMb),
    ];
  });
  return table(head, rows);
}

/**
 * The same request on several versions of Node.
 * @param {readonly Pick<import('./tables.mjs').Results, 'machine' | 'read'>[]} results
 * @returns {string} nothing when there is one version only
 */
export function versionsTable(results) {
  const measured = results.filter(({ read }) => read);
  if (measured.length < 2) return '';
  const rows = measured.flatMap(({ machine, read }) =>
    readRows(read?.runs ?? [])
      .filter(({ credentials }) => credentials === 'none' || credentials === '1 000 cookies')
      .map((row) => [
        machine.node.replace(/^v/, ''),
        `(${row.variant}) ${row.name}`,
        spreadFigure(row.perSecond),
        row.faster ? figure(row.faster.median) : '–',
        spreadFigure(row.cpuUs),
      ]),
  );
  return table(['Node', 'variant', 'req/s', '× (b)', 'CPU µs'], rows);
}

/** What Redis was sent per request; what rounds to nothing, such as a connection's first words, is left out. @param {ReadRun[]} runs */
function commandsOf(runs) {
  const { commands = {} } = runs.at(-1) ?? {};
  const counted = Object.entries(commands).filter(([, calls]) => calls >= 0.005);
  return counted.map(([name, calls]) => `${name.toUpperCase()} ${figure(calls)}`).join(', ') || '–';
}
