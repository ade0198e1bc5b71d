import { seedAccounts } from '../lib/accounts.mjs';
import { measure as measureServer } from '../lib/measured.mjs';
import { rawRequest, runLoad } from '../lib/load.mjs';
import { emailOf, PASSWORD } from '../lib/variants.mjs';
import { withVariant } from '../lib/with-variant.mjs';

const ACCOUNTS = 200;
const PARALLEL = [1, 4, 16, 64];
const READS_PER_SECOND = 200;

/**
 * @typedef {object} LoginRun
 * @property {string} variant
 * @property {{ parallel: number, perSecond: number, failures: number, latency: import('../lib/measured.mjs').Latency, cpuMs: number }[]} logins
 * @property {Record<'idle' | 'busy', import('../lib/measured.mjs').Latency>} reads paced reads, without and during 64 logins
 */

/**
 * Logins with a real argon2id hash (19 MiB, two passes), so many at a time, and what 64 of them do to a client that only
 * reads, 200 times a second, on time.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: LoginRun[] }>}
 */
export async function measure(context) {
  /** @type {LoginRun[]} */
  const runs = [];
  for (const letter of ['b', 'g'].filter((one) => context.settings.only.includes(one))) {
    await context.attempt(`login (${letter})`, async () => {
      runs.push(await measureOne(context, letter));
    });
  }
  return { runs };
}

/**
 * @param {import('../lib/scenario.mjs').Context} context
 * @param {string} letter
 * @returns {Promise<LoginRun>}
 */
function measureOne({ settings, say }, letter) {
  const { node, seconds, quick } = settings;
  /** @param {import('../lib/redis-server.mjs').RedisServer} redis */
  const prepare = async (redis) => {
    if (letter === 'g') await seedAccounts(redis, { node, count: ACCOUNTS });
  };
  return withVariant(letter, { node, prepare, env: { PASSWORDS: 'argon2' } }, async (target) => {
    const { url, variant } = target;
    const [headers] = await target.logIn(1);
    const requests = loginRequests(letter);
    const reading = {
      urls: [url],
      requests: [rawRequest({ path: variant.path, headers: headers ?? {} })],
      connections: 16,
      rate: READS_PER_SECOND,
    };
    await runLoad({ urls: [url], requests, connections: 4, seconds: settings.warmUpSeconds });
    const logins = [];
    for (const parallel of PARALLEL) {
      const measured = await measureServer(target, { urls: [url], requests, connections: parallel, seconds });
      const { perSecond, failures, latency, cpuUs } = measured;
      logins.push({ parallel, perSecond, failures, latency, cpuMs: cpuUs / 1000 });
      say(
        `  (${letter}) ${parallel} at a time: ${perSecond.toFixed(0)} logins/s, p99 ${latency.p99.toFixed(0)} ms, ${failures} failed`,
      );
    }
    await runLoad({ ...reading, seconds: settings.warmUpSeconds });
    const readSeconds = quick ? 2 : Math.max(5, seconds);
    const idle = await runLoad({ ...reading, seconds: readSeconds });
    const [busy] = await Promise.all([
      runLoad({ ...reading, seconds: readSeconds }),
      runLoad({ urls: [url], requests, connections: 64, seconds: readSeconds }),
    ]);
    const reads = { idle: idle.histogram.summary(), busy: busy.histogram.summary() };
    say(
      `  (${letter}) reads: p99 ${reads.idle.p99.toFixed(1)} ms, during 64 logins ${reads.busy.p99.toFixed(1)} ms`,
    );
    return { variant: letter, logins, reads };
  });
}

/** @param {string} letter */
function loginRequests(letter) {
  return Array.from({ length: ACCOUNTS }, (_, i) =>
    rawRequest({
      method: 'POST',
      path: letter === 'g' ? '/auth/login' : '/login',
      headers: { 'x-forwarded-for': `10.0.${i >> 8}.${i & 255}` },
      body: { email: emailOf(i), password: PASSWORD, ...(letter === 'g' && { transport: 'bearer' }) },
    }),
  );
}
