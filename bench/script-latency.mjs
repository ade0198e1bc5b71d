// How long Redis is busy with each script, at 10 000 sessions of one user beside a million others.
// Run after `npm run build`: node bench/script-latency.mjs [sessions of one user] [other sessions]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { RedisSessionStore } from '../dist/index.js';
import { addressOf, newSessionToken } from '../dist/session/token/session-id.js';

const [mine = 10_000, others = 1_000_000] = process.argv.slice(2).map(Number);
const WHOLE = new Set(['EVAL', 'EVALSHA', 'MGET', 'ZSCAN']);
const INDEX_KEY = 'an-index-key-of-the-script-benchmark';
const dir = await mkdtemp(join(tmpdir(), 'lk-bench-'));
const socket = join(dir, 'redis.sock');
const server = spawn('redis-server', ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', ''], {
  stdio: ['ignore', 'pipe', 'inherit'],
});

try {
  for await (const chunk of server.stdout) if (/eady to accept/.test(String(chunk))) break;
  const client = new Redis(socket);
  const store = new RedisSessionStore({
    client,
    indexKeys: [INDEX_KEY],
    userId: (session) => session.userId,
    maxSessions: 0,
  });
  const { engine } = store;
  const session = (userId) => ({ cookie: { originalMaxAge: null }, userId, note: 'x'.repeat(200) });
  const create = (userId) => {
    const token = newSessionToken(engine.ring.current(userId));
    return store.set(token, session(userId)).then(() => token);
  };
  const fill = async (count, userOf) => {
    for (let i = 0; i < count; i += 1_000) {
      await Promise.all(Array.from({ length: Math.min(1_000, count - i) }, (_, j) => create(userOf(i + j))));
    }
  };
  console.log(`filling in ${others} sessions of ${others / 5} users, then ${mine} of one`);
  await fill(others, (i) => `user${i % (others / 5)}`);
  await fill(mine, () => 'ada');

  const tag = engine.ring.current('ada');

  // The longest and the median time Redis itself spent on one call, from its own log.
  const measure = async (what, rounds, work) => {
    await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '0', 'slowlog-max-len', '100000');
    await client.call('SLOWLOG', 'RESET');
    for (let i = 0; i < rounds; i++) await work(i);
    const log = await client.call('SLOWLOG', 'GET', '100000');
    await client.call('CONFIG', 'SET', 'slowlog-log-slower-than', '-1');
    const times = new Map();
    for (const [, , microseconds, args] of log) {
      const command = String(args[0]).toUpperCase();
      // Redis logs what a script calls beside the script itself; clients wait for the whole.
      if (!WHOLE.has(command)) continue;
      times.set(command, [...(times.get(command) ?? []), Number(microseconds)]);
    }
    for (const [command, list] of times) {
      list.sort((a, b) => a - b);
      const at = (share) => list[Math.min(list.length - 1, Math.floor(list.length * share))];
      console.log(
        `${what.padEnd(22)} ${command.padEnd(8)} calls ${String(list.length).padStart(6)}   median ${String(at(0.5)).padStart(5)} µs   p99 ${String(at(0.99)).padStart(5)} µs   max ${String(at(1)).padStart(5)} µs`,
      );
    }
  };

  const token = await create('ada');
  await measure('read', 2_000, () => store.get(token));
  await measure('save', 2_000, async (i) => {
    const loaded = await store.get(token);
    loaded.note = String(i);
    await store.set(token, loaded);
  });
  await measure('create', 2_000, () => create('ada'));
  await measure('destroy', 1_000, async () => store.destroy(await create('ada')));
  await measure('list all', 1, () => engine.users.list(tag));
  await measure('find one', 20, () =>
    engine.users.findIndexed(tag, (digest) => digest === addressOf(token).digest),
  );
  const started = performance.now();
  await measure('revoke all', 1, () => engine.users.revokeAll(tag));
  console.log(
    `revoke all acknowledged in ${(performance.now() - started).toFixed(2)} ms, SLOWLOG calls included`,
  );
  await measure('sweep', 1, () => engine.close());
  client.disconnect();
} finally {
  server.kill('SIGKILL');
  await once(server, 'exit');
  await rm(dir, { recursive: true, force: true });
}
