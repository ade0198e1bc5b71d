import { Histogram } from './histogram.mjs';
import { figure } from './markdown.mjs';
import { barPlot, linePlot } from './plot.mjs';
import { readRows } from './read-table.mjs';
import { nameOf } from './tables.mjs';

/** @typedef {import('./tables.mjs').Results} Results */

const OURS = ['g', 'h'];
const MANY = '1 000 cookies';
// (b), (e), (f), (g): what stands for the others in a plot that eight lines would make unreadable.
const IN_LATENCY = ['g', 'b', 'e', 'f'];

/**
 * The plots of docs/benchmarks.md, by file name. What the results lack has no plot.
 *
 * @type {Record<string, (results: Results) => string | undefined>}
 */
export const PLOTS = {
  'requests.svg': (results) =>
    readBars(results, {
      title: 'Who is logged in: requests per second of one process',
      note: 'median of the rounds, with the fastest and the slowest; in brackets: times the textbook (b)',
      spreadOf: (row) => row.perSecond,
      shown: (row) =>
        `${figure(row.perSecond.median)}${row.faster ? ` (${figure(row.faster.median)} ×)` : ''}`,
    }),

  'cpu.svg': (results) =>
    readBars(results, {
      title: 'CPU time of the process per request, µs',
      note: 'median of the rounds, with the least and the most; all threads',
      spreadOf: (row) => row.cpuUs,
      shown: (row) => `${figure(row.cpuUs.median)} µs`,
    }),

  'latency.svg': ({ read }) => {
    if (!read) return undefined;
    const series = IN_LATENCY.flatMap((letter, color) => {
      const row = readRows(read.runs).find((one) => one.variant === letter && one.credentials === MANY);
      if (!row) return [];
      const histogram = row.runs.reduce((sum, run) => sum.add(new Histogram(run.histogram)), new Histogram());
      // As shares of slower ones, so that the tail is where there is room.
      const points = histogram
        .cdf()
        .map(([ms, share]) => /** @type {[number, number]} */ ([ms, 1 - share]))
        .filter(([, slower]) => slower >= 1e-4);
      return points.length > 1 ? [{ name: nameOf(letter), points, color }] : [];
    });
    if (series.length === 0) return undefined;
    return linePlot({
      title: 'Share of the requests that took longer',
      note: 'closed loop, 50 connections, 1 000 sessions; lower and further left is better',
      x: { label: 'ms', log: true },
      y: {
        label: 'slower than that',
        log: true,
        format: (share) => `${Number((share * 100).toPrecision(2))} %`,
      },
      series,
    });
  },

  'revoke.svg': ({ revoke }) => {
    if (!revoke) return undefined;
    const others = [...new Set(revoke.runs.map((run) => run.others))];
    const runsOf = (/** @type {string} */ store, /** @type {number} */ own) =>
      others.flatMap(
        (count) =>
          revoke.runs.find((run) => run.store === store && run.others === count && run.own === own) ?? [],
      );
    const series = [
      { name: 'connect-redis, 10 of his', runs: runsOf('connect-redis', 10), color: 1 },
      { name: 'Latchkey, 10 000 of his', runs: runsOf('Latchkey', 10_000), color: 3 },
      { name: 'Latchkey, 10 of his', runs: runsOf('Latchkey', 10), color: 0 },
    ].flatMap(({ name, runs, color }) =>
      runs.length > 0
        ? [
            {
              name,
              color,
              marks: true,
              points: runs.map((run) => /** @type {[number, number]} */ ([run.others, run.revokeMs])),
            },
          ]
        : [],
    );
    return linePlot({
      title: 'Logging somebody out everywhere: until it is acknowledged',
      note: 'beside so many sessions of other people; lower is better',
      x: { label: "other people's sessions", log: true },
      y: { label: 'ms', log: true },
      series,
    });
  },

  'growth.svg': ({ growth }) =>
    growth &&
    linePlot({
      title: 'Resident memory of the program',
      note: 'MB after so many requests',
      x: { label: 'requests', from: 0 },
      y: { label: 'MB', from: 0 },
      series: [{ name: nameOf('g'), points: growth.memory, color: 0 }],
    }),
};

/**
 * @param {Results} results
 * @param {object} plot
 * @param {string} plot.title
 * @param {string} plot.note
 * @param {(row: import('./read-table.mjs').ReadRow) => import('./statistics.mjs').Spread} plot.spreadOf
 * @param {(row: import('./read-table.mjs').ReadRow) => string} plot.shown
 */
function readBars({ read }, { title, note, spreadOf, shown }) {
  if (!read) return undefined;
  const rows = readRows(read.runs).filter(
    ({ credentials }) => credentials === MANY || credentials === 'none',
  );
  const bars = rows.map((row) => {
    const { median, min, max } = spreadOf(row);
    const ours = OURS.includes(row.variant);
    return { label: `(${row.variant}) ${row.name}`, value: median, min, max, shown: shown(row), ours };
  });
  return bars.length > 0 ? barPlot({ title, note, bars }) : undefined;
}
