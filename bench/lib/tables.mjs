import { figure, spreadFigure, table } from './markdown.mjs';
import { readTable } from './read-table.mjs';
import { spread } from './statistics.mjs';
import { VARIANTS } from './variants.mjs';

/**
 * @typedef {object} Results what a run writes; scenarios that were not asked for, or failed, are missing
 * @property {string} at when it began
 * @property {import('./machine.mjs').Machine} machine
 * @property {Omit<import('./arguments.mjs').Settings, 'node' | 'out'>} settings
 * @property {{ what: string, why: string }[]} failed
 * @property {{ runs: import('../scenarios/read.mjs').ReadRun[] }} [read]
 * @property {{ runs: import('../scenarios/login.mjs').LoginRun[] }} [login]
 * @property {{ runs: import('../scenarios/write.mjs').WriteRun[] }} [write]
 * @property {{ runs: import('../scenarios/logout.mjs').LogoutRun[] }} [logout]
 * @property {{ runs: import('../scenarios/revoke.mjs').RevokeRun[] }} [revoke]
 * @property {{ runs: import('../scenarios/memory.mjs').MemoryRun[] }} [memory]
 * @property {{ runs: import('../scenarios/redis.mjs').CeilingRun[] }} [redis]
 * @property {{ runs: import('../scenarios/start.mjs').StartRun[] }} [start]
 * @property {import('../scenarios/growth.mjs').Growth} [growth]
 * @property {{ runs: import('../scenarios/shape.mjs').ShapeRun[] }} [shape]
 * @property {{ runs: import('../scenarios/scale.mjs').ScaleRun[] }} [scale]
 */

/** Short names, for tables whose columns are about something else. */
const NAMES = /** @type {Record<string, string>} */ ({
  a: 'bare Nest',
  b: 'textbook',
  e: '@fastify/session',
  f: 'raw node:http',
  g: 'Latchkey',
  h: "Latchkey's modules",
});

/** @param {string} letter */
export const nameOf = (letter) => `(${letter}) ${NAMES[letter] ?? VARIANTS[letter]?.name}`;

const percent = (/** @type {number} */ share) => `${figure(share * 100)} %`;

/** A table of each scenario, by its name; those that have not run are missing. */
export const TABLES = /** @type {Record<string, (results: Results) => string | undefined>} */ ({
  read: ({ read }) => read && readTable(read.runs),

  login: ({ login }) =>
    login &&
    table(
      ['variant', 'at a time', 'logins/s', 'p50 ms', 'p99 ms', 'CPU ms each', 'not 200'],
      login.runs.flatMap(({ variant, logins }) =>
        logins.map(({ parallel, perSecond, latency, cpuMs, failures }) => [
          nameOf(variant),
          String(parallel),
          figure(perSecond),
          figure(latency.p50),
          figure(latency.p99),
          figure(cpuMs),
          String(failures),
        ]),
      ),
    ),

  reads: ({ login }) =>
    login &&
    table(
      ['variant', 'idle p50 ms', 'idle p99 ms', '64 logins p50 ms', '64 logins p99 ms', 'p99 ×'],
      login.runs.map(({ variant, reads: { idle, busy } }) => [
        nameOf(variant),
        ...[idle.p50, idle.p99, busy.p50, busy.p99, busy.p99 / idle.p99].map(figure),
      ]),
    ),

  write: ({ write }) =>
    write &&
    table(
      ['variant', 'sessions', 'writes/s', 'p99 ms', 'CPU µs', 'Redis µs', 'changes lost'],
      write.runs.map(({ variant, sessions, perSecond, latency, cpuUs, redisUs, lost }) => [
        nameOf(variant),
        sessions,
        ...[perSecond, latency.p99, cpuUs, redisUs].map(figure),
        lost === undefined ? '–' : percent(lost),
      ]),
    ),

  logout: ({ logout }) =>
    logout &&
    table(
      ['variant', 'logouts/s', 'p50 ms', 'p99 ms', 'CPU µs'],
      logout.runs.map(({ variant, perSecond, latency, cpuUs }) => [
        nameOf(variant),
        ...[perSecond, latency.p50, latency.p99, cpuUs].map(figure),
      ]),
    ),

  revoke: ({ revoke }) =>
    revoke &&
    table(
      ['store', "others' sessions", 'own sessions', 'listed ms', 'all ended ms', 'Redis CPU ms'],
      revoke.runs.map(({ store, others, own, listMs, revokeMs, redisMs }) => [
        store,
        figure(others),
        figure(own).replace(/\.\d+$/, ''),
        ...[listMs, revokeMs, redisMs].map(figure),
      ]),
    ),

  memory: ({ memory }) =>
    memory &&
    table(
      ['session', 'per user', 'connect-redis B', 'Latchkey B', '×'],
      memory.runs
        .filter(({ store }) => store === 'Latchkey')
        .map(({ sessionBytes, sessionsPerUser, bytes }) => {
          const other = memory.runs.find(
            (run) =>
              run.store !== 'Latchkey' &&
              run.sessionBytes === sessionBytes &&
              run.sessionsPerUser === sessionsPerUser,
          );
          return [
            `${sessionBytes} B`,
            String(sessionsPerUser),
            figure(other?.bytes),
            figure(bytes),
            figure(bytes / (other?.bytes ?? NaN)),
          ];
        }),
    ),

  redis: ({ redis }) =>
    redis &&
    table(
      ['operation', 'Redis CPU µs', 'a second and core'],
      redis.runs.map(({ what, redisUs, perCore }) => [what, figure(redisUs), figure(perCore)]),
    ),

  start: ({ start }) =>
    start &&
    table(
      ['variant', 'first answer ms', 'RSS idle MB'],
      [...new Set(start.runs.map(({ variant }) => variant))].sort().map((variant) => {
        const runs = start.runs.filter((run) => run.variant === variant);
        return [
          nameOf(variant),
          spreadFigure(spread(runs.map(({ ms }) => ms))),
          spreadFigure(spread(runs.map(({ idleRssMb }) => idleRssMb))),
        ];
      }),
    ),

  growth: ({ growth }) =>
    growth &&
    table(
      ['requests', 'RSS MB'],
      growth.memory.filter((_, i) => i % 4 === 0).map(([requests, mb]) => [figure(requests), figure(mb)]),
    ),

  shape: ({ shape }) =>
    shape &&
    table(
      [
        'variant',
        'most req/s',
        'at 80 %: p50 ms',
        'p99 ms',
        'p99 / p50',
        'at 200 %: of the most',
        '503s',
        'RSS MB (idle)',
      ],
      shape.runs.map(({ variant, saturation, eighty: { latency }, overload, idleRssMb }) => [
        nameOf(variant),
        ...[saturation, latency.p50, latency.p99, latency.p99 / latency.p50].map(figure),
        percent(overload.ofMaximum),
        percent(overload.shed),
        `${figure(overload.rssMb)} (${figure(idleRssMb)})`,
      ]),
    ),

  scale: ({ scale }) =>
    scale &&
    table(
      ['processes', 'req/s', 'p99 ms', 'CPU µs', 'Redis, share of a core'],
      scale.runs.map(({ processes, perSecond, latency, cpuUs, redisCores }) => [
        String(processes),
        ...[perSecond, latency.p99, cpuUs].map(figure),
        percent(redisCores),
      ]),
    ),
});

/**
 * Every table of the results, for the terminal.
 *
 * @param {Results} results
 * @returns {string} Markdown
 */
export function renderTables(results) {
  const parts = Object.entries(TABLES).flatMap(([name, render]) => {
    const text = render(results);
    return text ? [`### ${name}\n\n${text}`] : [];
  });
  if (results.failed.length > 0) {
    parts.push(`### Failed\n\n${results.failed.map(({ what, why }) => `- ${what}: ${why}`).join('\n')}`);
  }
  return `${parts.join('\n\n')}\n`;
}
