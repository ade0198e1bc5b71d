import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Histogram } from './histogram.mjs';

/**
 * @typedef {object} Load
 * @property {string[]} urls origins of servers; the connections are shared out among them
 * @property {string[]} requests whole HTTP requests, sent in turn, again from the start after the last
 * @property {number} connections kept open, one request at a time on each
 * @property {number} [seconds] how long to send
 * @property {number} [count] how many to send at most
 * @property {number} [rate] requests per second, on time whether or not earlier ones were answered (open loop); each
 *   one's time counts from when it was due. Left out, every connection asks again as soon as it is answered (closed
 *   loop), which hides waiting that a stalled server would cause: coordinated omission
 */

/**
 * @typedef {object} LoadResult
 * @property {number} sent
 * @property {number} ok answers with a 2xx
 * @property {Record<string, number>} statuses
 * @property {number} errors requests that were lost with their connection
 * @property {number} failures errors, and answers that were not 2xx
 * @property {number} seconds
 * @property {number} perSecond 2xx answers a second
 * @property {number} generatorCpu cores that the generator itself used; near 1, it was the generator that was measured
 * @property {number} unsent of an open loop: were due and never sent, as no connection came free
 * @property {number} mostLate of an open loop: most that were waiting for a connection at once
 * @property {Histogram} histogram
 */

/**
 * Puts load on servers from a process of its own, and runs functions right before and right after.
 *
 * @param {Load} load
 * @param {{ before?: () => unknown, after?: () => unknown }} [around]
 * @returns {Promise<LoadResult>}
 */
export async function runLoad(load, { before, after } = {}) {
  const child = fork(fileURLToPath(new URL('./load-worker.mjs', import.meta.url)), { stdio: 'inherit' });
  try {
    child.send(load);
    await said(child, 'ready');
    await before?.();
    const over = said(child, 'result');
    child.send({ go: true });
    const result = await over;
    await after?.();
    const ok = Object.entries(result.statuses).reduce(
      (sum, [status, count]) => (status.startsWith('2') ? sum + Number(count) : sum),
      0,
    );
    return {
      ...result,
      ok,
      failures: result.sent - ok,
      perSecond: ok / result.seconds,
      histogram: new Histogram(result.histogram),
    };
  } finally {
    child.kill('SIGKILL');
  }
}

/**
 * @param {import('node:child_process').ChildProcess} child
 * @param {'ready' | 'result'} what
 */
async function said(child, what) {
  const ended = new AbortController();
  try {
    const message = await Promise.race([
      once(child, 'message', { signal: ended.signal }).then(([message]) => message),
      once(child, 'exit', { signal: ended.signal }).then(() => ({
        failure: 'the load generator ended early',
      })),
    ]);
    if (message.failure) throw new Error(message.failure);
    return message[what];
  } finally {
    ended.abort();
  }
}

/**
 * A request as it goes over the wire.
 *
 * @param {object} request
 * @param {string} request.path
 * @param {string} [request.method]
 * @param {Record<string, string>} [request.headers]
 * @param {unknown} [request.body] sent as JSON
 */
export function rawRequest({ path, method = 'GET', headers = {}, body }) {
  const text = body === undefined ? '' : JSON.stringify(body);
  const lines = Object.entries({
    host: 'localhost',
    accept: 'application/json',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(method === 'GET' ? {} : { 'content-length': String(Buffer.byteLength(text)) }),
    ...headers,
  }).map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${text}`;
}
