import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const CLOCK_TICKS_PER_SECOND = 100;
const STARTS_WITHIN_MS = 60_000;

/**
 * A server under test: a process of its own whose standard output goes to a file, as a service's log would, so that
 * nobody else's CPU is needed to write it.
 */
export class ServerProcess {
  /**
   * @param {object} options
   * @param {string} options.node the node to run it with
   * @param {string[]} options.args
   * @param {Record<string, string>} options.env
   * @param {string} options.directory where its log is kept
   */
  constructor({ node, args, env, directory }) {
    this.log = join(directory, `server-${Date.now()}-${Math.floor(performance.now())}.log`);
    const log = openSync(this.log, 'a');
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(node, args, {
      env: { PATH, HOME, NO_COLOR: '1', NODE_ENV: 'production', ...env },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.exited = once(this.child, 'exit');
    this.exited.catch(() => undefined);
  }

  get pid() {
    return /** @type {number} */ (this.child.pid);
  }

  /** Where it listens, from the first line of its output that says so. @returns {Promise<string>} */
  async url() {
    const deadline = performance.now() + STARTS_WITHIN_MS;
    while (performance.now() < deadline && this.child.exitCode === null) {
      const [, url] = /"url":"(http[^"]+)"/.exec(readFileSync(this.log, 'utf8')) ?? [];
      if (url) return url;
      await delay(10);
    }
    throw new Error(`did not start: ${readFileSync(this.log, 'utf8').slice(0, 600)}`);
  }

  /** CPU time of all its threads so far, µs. */
  cpuUs() {
    const stat = `/proc/${this.pid}/stat`;
    if (existsSync(stat)) {
      const fields = readFileSync(stat, 'utf8').split(') ')[1]?.split(' ') ?? [];
      return ((Number(fields[11]) + Number(fields[12])) * 1e6) / CLOCK_TICKS_PER_SECOND;
    }
    const [minutes = '0', seconds = '0'] = this.#ps('time').split(/:(?=[^:]+$)/);
    return (
      (minutes.split(':').reduce((sum, part) => sum * 60 + Number(part), 0) * 60 + Number(seconds)) * 1e6
    );
  }

  /** Resident memory, MB. */
  rssMb() {
    const status = `/proc/${this.pid}/status`;
    if (!existsSync(status)) return Number(this.#ps('rss')) / 1024;
    return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(status, 'utf8'))?.[1]) / 1024;
  }

  /** Forgets what it has logged; it goes on logging. */
  emptyLog() {
    truncateSync(this.log);
  }

  async stop() {
    this.child.kill('SIGKILL');
    await this.exited.catch(() => undefined);
  }

  /** @param {string} column what systems without /proc are asked for */
  #ps(column) {
    return execFileSync('ps', ['-o', `${column}=`, '-p', String(this.pid)], { encoding: 'utf8' }).trim();
  }
}
