import { connect } from 'node:net';
import { once } from 'node:events';
import { Redis } from 'ioredis';
import { startRedis } from '../lib/redis-server.mjs';
import { latchkeyStore, repeat, sessionOf } from '../lib/stores.mjs';

/**
 * @typedef {object} CeilingRun
 * @property {string} what
 * @property {number} redisUs CPU time of the Redis process per operation
 * @property {number} perCore how many one core of Redis can do a second
 */

const SESSIONS = 1_000;
const PIPELINE = 50;
const HEAD = '*3\r\n';

/**
 * What Redis can do for any number of nodes: CPU time of its process per operation, everything that it does for one
 * included (reading the socket, answering), at the pipelining that a busy node shows.
 *
 * @param {import('../lib/scenario.mjs').Context} context
 * @returns {Promise<{ runs: CeilingRun[] }>}
 */
export async function measure({ settings, say }) {
  const redis = await startRedis();
  const client = new Redis(redis.socket, { enableAutoPipelining: true });
  /** @type {CeilingRun[]} */
  const runs = [];
  try {
    const store = await latchkeyStore(client);
    const { engine } = store;
    /** @type {string[]} */
    const ids = [];
    const create = async (/** @type {number} */ i) => {
      const id = store.createSessionId(`user-${i % SESSIONS}`);
      await store.set(id, sessionOf(`user-${i % SESSIONS}`));
      ids.push(id);
    };
    /**
     * @param {string} what
     * @param {() => Promise<number>} work resolves to how many it did
     */
    const count = async (what, work) => {
      const before = (await redis.sample()).cpuUs;
      const done = await work();
      const redisUs = ((await redis.sample()).cpuUs - before) / done;
      runs.push({ what, redisUs, perCore: 1e6 / redisUs });
      say(`  ${what}: ${redisUs.toFixed(1)} µs of Redis, ${(1e6 / redisUs).toFixed(0)} a second and core`);
    };
    const times = settings.quick ? 2_000 : 50_000;
    const all = async (/** @type {(i: number) => Promise<unknown>} */ work) => {
      await repeat(times, work);
      return times;
    };
    await repeat(SESSIONS, create);
    const keys = (await client.keys('lk:sess:*')).map((key) => readKeys(key));
    await count('read (MGET session, generation, principal)', () =>
      hammer(redis.socket, keys, settings.seconds),
    );
    await count('create (login)', () => all(create));
    await count('read and save', () =>
      all(async (i) => {
        const id = /** @type {string} */ (ids[i % SESSIONS]);
        const session = await store.get(id);
        await store.set(id, { ...session, note: `n${i}`.padEnd(200, 'x') });
      }),
    );
    await count('destroy (logout)', () => all((i) => store.destroy(ids[SESSIONS + i])));
    await count('revoke all of a user', () =>
      all((i) => engine.users.revokeAll(engine.ring.current(`user-${i % SESSIONS}`))),
    );
    return { runs };
  } finally {
    client.disconnect();
    await redis.stop();
  }
}

/** What a request of this session's user reads. @param {string} key of the session */
function readKeys(key) {
  const tag = /\{(.+)\}/.exec(key)?.[1];
  return [key, `lk:gen:{${tag}}`, `lk:prn:{${tag}}`];
}

/**
 * Sends reads as fast as Redis takes them, with so many on the way.
 *
 * @param {string} path
 * @param {string[][]} keys
 * @param {number} seconds
 * @returns {Promise<number>} how many were answered
 */
async function hammer(path, keys, seconds) {
  const commands = keys.map((args) => commandOf(['MGET', ...args]));
  const batches = Array.from({ length: Math.ceil(commands.length / PIPELINE) }, (_, i) =>
    commands.slice(i * PIPELINE, (i + 1) * PIPELINE).join(''),
  );
  const socket = connect(path);
  await once(socket, 'connect');
  const until = performance.now() + seconds * 1000;
  let sent = 0;
  let answered = 0;
  const next = () => {
    socket.write(/** @type {string} */ (batches[sent % batches.length]), 'latin1');
    sent += 1;
  };
  // Two batches on the way, so that Redis never waits for the next.
  next();
  next();
  await new Promise((resolve, reject) => {
    let open = 0;
    let tail = '';
    socket.on('error', reject);
    socket.on('data', (chunk) => {
      // Each answer is an array of three, and nothing in a session's JSON looks like the head of one.
      const text = tail + chunk.toString('latin1');
      open += text.split(HEAD).length - 1;
      tail = text.slice(1 - HEAD.length);
      while (open >= PIPELINE) {
        open -= PIPELINE;
        answered += PIPELINE;
        if (performance.now() < until) next();
        else resolve(undefined);
      }
    });
  });
  socket.destroy();
  return answered;
}

/** @param {string[]} words */
function commandOf(words) {
  return `*${words.length}\r\n${words.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`;
}
