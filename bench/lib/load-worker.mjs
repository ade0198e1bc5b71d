// A process that asks. It is told what in one message, says when it is connected, starts when it is told to, and answers
// with what it has seen. See load.mjs.
import { Histogram } from './histogram.mjs';
import { HttpConnection } from './http-connection.mjs';

const TICK_MS = 1;
const HANGS_AFTER_MS = 60_000;

/** @param {import('./load.mjs').Load} load */
async function prepare(load) {
  const { urls, requests, connections, seconds = Infinity, count = Infinity, rate } = load;
  const addresses = urls
    .map((url) => new URL(url))
    .map(({ hostname, port }) => ({ host: hostname, port: Number(port) }));
  const histogram = new Histogram();
  /** @type {Record<string, number>} */
  const statuses = {};
  let errors = 0;
  let sent = 0;
  let underWay = 0;
  let until = 0;
  let ended = false;
  /** @type {HttpConnection[]} */
  const idle = [];
  /** @type {number[]} when requests were due that no connection was free for */
  const late = [];
  let head = 0;
  let mostLate = 0;
  /** @type {() => void} */
  let finished = () => undefined;

  const over = () => ended || sent >= count || performance.now() >= until;

  /** @param {HttpConnection} connection @param {number} since */
  const ask = (connection, since) => {
    connection.since = since;
    connection.send(/** @type {string} */ (requests[sent % requests.length]));
    sent += 1;
    underWay += 1;
  };

  /** @param {HttpConnection} connection */
  const next = (connection) => {
    underWay -= 1;
    if (rate === undefined) {
      if (!over()) ask(connection, performance.now());
    } else if (head < late.length && !ended) {
      ask(connection, /** @type {number} */ (late[head]));
      head += 1;
    } else idle.push(connection);
    if (underWay === 0 && (ended || (rate === undefined && over()))) finished();
  };

  const open = () =>
    Array.from({ length: connections }, (_, i) =>
      new HttpConnection(/** @type {{ host: string, port: number }} */ (addresses[i % addresses.length]), {
        answered: (status, connection) => {
          histogram.record((performance.now() - connection.since) * 1000);
          statuses[status] = (statuses[status] ?? 0) + 1;
          next(connection);
        },
        failed: (_error, connection) => {
          errors += 1;
          next(connection);
        },
      }).open(),
    );
  const opened = await Promise.all(open());
  process.send?.({ ready: true });
  await new Promise((resolve) => process.once('message', resolve));

  const cpu = process.cpuUsage();
  const start = performance.now();
  until = start + seconds * 1000;
  await new Promise((resolve) => {
    finished = () => resolve(undefined);
    // A server that hangs must not hang the whole run; what it still owes counts as lost.
    setTimeout(finished, (Number.isFinite(seconds) ? seconds : 0) * 1000 + HANGS_AFTER_MS).unref();
    if (rate === undefined) {
      for (const connection of opened) if (!over()) ask(connection, performance.now());
      return;
    }
    idle.push(...opened);
    // A request is due at its time whether or not the ones before it have been answered, and its time counts from then.
    let due = 0;
    const timer = setInterval(() => {
      const now = performance.now();
      const wanted = Math.floor(((Math.min(now, until) - start) / 1000) * rate);
      for (; due < wanted; due += 1) {
        const connection = idle.pop();
        const at = start + ((due + 1) / rate) * 1000;
        if (connection) ask(connection, at);
        else late.push(at);
      }
      mostLate = Math.max(mostLate, late.length - head);
      if (now < until) return;
      clearInterval(timer);
      ended = true;
      if (underWay === 0) finished();
    }, TICK_MS);
  });
  const elapsed = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  for (const connection of opened) connection.close();
  return {
    sent,
    statuses,
    errors: errors + underWay,
    seconds: elapsed,
    generatorCpu: (user + system) / 1e6 / elapsed,
    unsent: late.length - head,
    mostLate,
    histogram: histogram.toJSON(),
  };
}

process.once('message', (load) => {
  prepare(/** @type {any} */ (load)).then(
    (result) => process.send?.({ result }, () => process.disconnect()),
    (error) => {
      process.send?.({ failure: String(error?.message ?? error) }, () => process.disconnect());
    },
  );
});
