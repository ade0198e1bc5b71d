import { figure } from './markdown.mjs';
import { SCENARIOS } from '../scenarios/index.mjs';
import { readRows, versionsTable } from './read-table.mjs';
import { TABLES } from './tables.mjs';

/** @typedef {import('./tables.mjs').Results} Results */

/**
 * docs/benchmarks.md.
 *
 * @param {Results} results
 * @param {readonly Results[]} others of other versions of Node
 * @param {readonly string[]} plots file names of the plots that there are
 * @returns {string} Markdown
 */
export function renderPage(results, others, plots) {
  const { machine, settings } = results;
  const picture = (/** @type {string} */ file, /** @type {string} */ text) =>
    plots.includes(file) ? `![${text}](benchmarks/${file})` : '';
  const shown = (/** @type {string} */ name) => TABLES[name]?.(results) ?? '';
  const section = (
    /** @type {string} */ title,
    /** @type {string} */ text,
    /** @type {string[]} */ ...parts
  ) => (parts.some(Boolean) ? [`## ${title}`, text, ...parts] : []);
  const paragraphs = [
    '# Benchmarks',
    '<!-- Made by `npm run bench:report`. Change bench/lib/page.mjs instead. -->',
    `What Latchkey costs, beside what people would use instead. Measured on ${results.at.slice(0, 10)} at commit ${machine.commit}, by one command that you can run: see [the end](#run-it-yourself).`,
    ...warnings(results),
    // What comes of a short run is no reason to claim anything.
    ...(settings.quick ? [] : highlights(results)),
    picture('requests.svg', 'Requests per second of every variant'),

    ...section(
      'Who is logged in',
      'The request that an application sends most: `GET` of the present user, with a live session. The variants answer with the same number of bytes.',
      shown('read'),
      picture('cpu.svg', 'CPU time per request of every variant'),
      picture('latency.svg', 'Share of requests that took longer than a time'),
    ),
    ...section(
      'On other versions of Node',
      'The same request, 1 000 sessions; the load generator keeps its version.',
      versionsTable([results, ...others]),
    ),
    ...section(
      'Logging in',
      'argon2id with 19 MiB and two passes, the same in both; an SQL database, a throttle and an audit trail in Latchkey only. Beside 64 logins at a time, a client that reads 200 times a second:',
      shown('login'),
      shown('reads'),
    ),
    ...section(
      'Changing a session',
      "One more of an item in the cart, 50 requests at a time: spread over 1 000 sessions, and all in one session. What is lost was acknowledged with a 2xx and is not in the session afterwards. Latchkey's host uses `updateCurrent`, which repeats a change that another request overtook; connect-redis writes whole sessions, and the last one wins.",
      shown('write'),
    ),
    ...section(
      'Logging out',
      'Every session once, 16 at a time. The program (g) writes each logout to its audit trail, on SQLite; its modules in a host without a trail (h) do not.',
      shown('logout'),
    ),
    ...section(
      'Logging out everywhere',
      'Also the list of where one is logged in. connect-redis keeps no index, so all sessions are read, 1 000 a page; how many are his makes no difference. "Ended" is the acknowledgement, from which on no node accepts any of them; what Redis then clears away is in its CPU time.',
      shown('revoke'),
      picture('revoke.svg', 'Time to end all sessions of one user'),
    ),
    ...section(
      'Memory of Redis',
      'Bytes per session by the growth of `used_memory`, index included.',
      shown('memory'),
    ),
    ...section(
      'How far one Redis goes',
      'CPU time of the Redis process per operation, 50 in a pipeline for reads and as a busy node sends them for the rest.',
      shown('redis'),
    ),
    ...section(
      'Several processes',
      'Of the program, on one Redis, with 50 connections each.',
      shown('scale'),
    ),
    ...section(
      'Below and beyond what it can do',
      'An open loop: requests come on time whether or not earlier ones were answered, and their time counts from when they were due. 100 connections at 80 % of the most that a closed loop got, 1 000 at twice that. There Latchkey answers 503 `OVERLOADED` to what it cannot answer in time; a 503 takes about as much CPU as plain node:http, so twice the load leaves the less of the maximum the cheaper a good answer is.',
      shown('shape'),
    ),
    ...section(
      'Start',
      'From spawning the process to its first answer; of the program, to `/health/ready` saying 200.',
      shown('start'),
    ),
    ...section(
      'Growth',
      growthText(results),
      shown('growth'),
      picture('growth.svg', 'Resident memory over a million requests'),
    ),

    '## Method',
    method(settings),
    '## Machine and versions',
    `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}; Node ${machine.node.replace(/^v/, '')}, redis-server ${machine.redis}. ${Object.entries(
      machine.versions,
    )
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}.`,
    '## What the numbers do not show',
    LIMITS,
    '## Run it yourself',
    HOW_TO,
  ];
  return `${paragraphs.filter(Boolean).join('\n\n')}\n`;
}

/** @param {Results} results */
function warnings({ settings, machine, failed }) {
  return [
    settings.quick &&
      '> From a `--quick` run: short, few rounds, cold. It shows that the bench works, and little else.',
    machine.loadAtStart > 1 &&
      `> Something else was running (load ${machine.loadAtStart} when it began). CPU times and memory suffer least from that, requests per second and times most.`,
    settings.scenarios.length < Object.keys(SCENARIOS).length &&
      `> Not everything was run, only: ${settings.scenarios.join(', ')}.`,
    failed.length > 0 && `> Failed, and missing below: ${failed.map(({ what }) => what).join(', ')}.`,
  ].filter((text) => typeof text === 'string');
}

/** @param {Results} results */
function highlights({ read, revoke, memory }) {
  const rows = read ? readRows(read.runs) : [];
  const row = (/** @type {string} */ variant) =>
    rows.find((one) => one.variant === variant && one.credentials === '1 000 cookies');
  const [ours, textbook] = [row('g'), row('b')];
  const scan = revoke?.runs.filter(({ store }) => store !== 'Latchkey').at(-1);
  const revoked = revoke?.runs.filter(({ store, own }) => store === 'Latchkey' && own === 10).at(-1);
  const lines = [
    ours?.faster &&
      textbook &&
      `- The program as shipped answers **${figure(ours.faster.median)} times** the requests of Nest with express-session, connect-redis and Passport, with ${figure(ours.cpuUs.median)} µs of CPU instead of ${figure(textbook.cpuUs.median)}.`,
    scan &&
      revoked &&
      `- Logging somebody out everywhere takes **${figure(revoked.revokeMs)} ms** beside ${figure(scan.others)} sessions of others, a scan with connect-redis ${figure(scan.revokeMs)} ms.`,
    memory && `- ${memoryText(memory.runs)}`,
  ].filter(Boolean);
  return lines.length > 0 ? [lines.join('\n')] : [];
}

/** @param {import('../scenarios/memory.mjs').MemoryRun[]} runs */
function memoryText(runs) {
  const times = (/** @type {number} */ size) => {
    const of = (/** @type {string} */ store) =>
      runs.find((run) => run.store === store && run.sessionBytes === size && run.sessionsPerUser === 1)
        ?.bytes ?? NaN;
    return figure(of('Latchkey') / of('connect-redis'));
  };
  return `A session takes **${times(300)} times** the memory in Redis at 300 bytes and ${times(4_096)} times at 4 kB: the index is in it.`;
}

/** @param {Results} results */
function growthText({ growth }) {
  if (!growth) return '';
  const { requests, mbPer100k, failures } = growth;
  return `Resident memory of the program over ${figure(requests)} requests, of which ${failures} failed: ${figure(mbPer100k)} MB more per 100 000 requests in the second half.`;
}

/** @param {Results['settings']} settings */
function method({ rounds, seconds, warmUpSeconds }) {
  return `- Every variant is a process of its own, \`NODE_ENV=production\`, with a redis-server of its own on a Unix socket that keeps nothing. Its log goes to a file.
- Rounds: ${rounds}, every other one in the reverse order, fresh processes in each; ${seconds} s of measuring after ${warmUpSeconds} s of warming up. Figures are medians, with the least and the most in brackets. "× (b)" compares within each round and takes the median of that.
- Before and after each measurement one answer is read: 200, and the e-mail of somebody who is logged in. Answers that are not 2xx and lost connections are counted; a run of reads that has any is marked.
- 50 kept connections, closed loop: each asks again when it is answered. That hides how long requests would have waited during a stall (coordinated omission); the open loop of "Below and beyond" does not.
- The load generator speaks HTTP over plain sockets with requests made beforehand. It takes about 9 µs of CPU per request, half of what the fastest variant takes, and a run in which it comes near a whole core is marked.
- CPU is user and system time of all threads of the server's process, from \`/proc/<pid>/stat\`; Redis's own likewise from INFO, its commands from \`INFO commandstats\`.
- The peers' people are in memory, and their passwords are not hashed where only the session matters. Latchkey's program (g) runs with its defaults: log line and metrics for every request, security headers, SQLite.`;
}

const LIMITS = `- Client, server and Redis share one machine and its cores; over a network every Redis command costs a round trip more, which makes those with two commands slower than they are here.
- TLS and a proxy in front cost the same for all and are not in it.
- One user's session is as small as the login makes it. Larger ones cost everybody more to parse and to send.
- Tails of short runs are few requests: p99.9 of 4 s at 5 000 requests a second is 20 of them.
- The peers are set up as their documentation shows, not tuned. Auto-pipelining and no touch make the textbook about a third faster; \`PresetExpressAdapter\`, which (g) and (h) have, makes any Nest application on Express faster on Node 20 and 22.
- A benchmark says nothing about what is right. See [guarantees.md](guarantees.md) for that.`;

const HOW_TO = `\`\`\`
npm run bench                                   # everything, about 12 minutes
npm run bench -- --quick                        # to see that it works
npm run bench -- --scenario read --only b,g     # one scenario, two variants
npm run bench -- --node /path/to/another/node
npm run bench:report -- bench/results/<file>    # this page and its plots from those results; further files: other versions of Node
\`\`\`

Scenarios: \`read\`, \`login\`, \`write\`, \`logout\`, \`revoke\`, \`memory\`, \`redis\`, \`start\`, \`growth\`, \`shape\`, \`scale\`. A variant that fails is named and the rest goes on. The peers' packages are in \`bench/package.json\`, never in the product's.

Two more are commands of their own, after \`npm run build\`: \`node bench/login-storm.mjs\` shows what hundreds of people who log in at once do to everybody else ([passwords.md](passwords.md)), \`node bench/script-latency.mjs\` how long Redis is busy per script ([session-format.md](session-format.md)).`;
