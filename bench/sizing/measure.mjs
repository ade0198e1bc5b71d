// What one session costs Redis: bytes, microseconds of CPU, bytes of AOF. Prints the inputs of docs/scaling.md as JSON.
// Run after `npm run build`: node bench/sizing/measure.mjs [sessions]
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { RedisSessionStore } from '../../dist/index.js';
import { EveryoneRevoker } from '../../dist/session/everybody/everyone-revoker.js';

const SESSIONS = Number(process.argv[2] ?? 100_000);
const OPERATIONS = 20_000;
const AT_ONCE = 200;
const SIZES = [300, 4_096];

/** @param {number} bytes of the record, header included */
async function measure(bytes) {
  const dir = await mkdtemp(join(tmpdir(), 'lk-sizing-'));
  const socket = join(dir, 'redis.sock');
  const options = ['--port', '0', '--unixsocket', socket, '--dir', dir, '--save', '', '--appendonly', 'yes'];
  const server = spawn('redis-server', [...options, '--auto-aof-rewrite-percentage', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    for await (const chunk of server.stdout) if (/eady to accept/.test(String(chunk))) break;
    const client = new Redis({ path: socket, enableAutoPipelining: true });
    const store = new RedisSessionStore({
      client,
      indexKeys: ['an-index-key-of-the-sizing-benchmark'],
      userId: (session) => session.userId,
      touchIntervalMs: 0,
    });
    const info = async (name) => Number(new RegExp(`^${name}:(\\S+)`, 'm').exec(await client.info())?.[1]);
    const cpuSeconds = async () => (await info('used_cpu_user')) + (await info('used_cpu_sys'));
    const session = (userId) => ({ cookie: { originalMaxAge: null }, userId, note: '' });
    const padded = (userId) => {
      const empty = JSON.stringify(session(userId)).length + 63;
      return { ...session(userId), note: 'x'.repeat(Math.max(0, bytes - empty)) };
    };
    const cost = async (count, work) => {
      const [cpu, aof] = [await cpuSeconds(), await info('aof_current_size')];
      for (let i = 0; i < count; i += AT_ONCE)
        await Promise.all(Array.from({ length: AT_ONCE }, (_, j) => work(i + j)));
      return {
        cpuMicros: round(((await cpuSeconds()) - cpu) * (1e6 / count)),
        aofBytes: Math.round(((await info('aof_current_size')) - aof) / count),
      };
    };

    await store.length();
    const tokens = [];
    const empty = await info('used_memory');
    const create = await cost(SESSIONS, async (i) => {
      const token = store.createSessionId(`user${i}`);
      await store.set(token, padded(`user${i}`));
      tokens.push(token);
    });
    const memoryBytes = Math.round(((await info('used_memory')) - empty) / SESSIONS);
    const read = await cost(OPERATIONS, (i) => store.get(tokens[i]));
    const loaded = [];
    for (let i = 0; i < OPERATIONS; i++) loaded.push(await store.get(tokens[i]));
    const touch = await cost(OPERATIONS, (i) => store.touch(tokens[i], loaded[i]));
    const save = await cost(OPERATIONS, (i) => store.set(tokens[i], Object.assign(loaded[i], { seen: i })));

    const revoker = new EveryoneRevoker(store);
    const started = performance.now();
    const { operationId } = await revoker.start(undefined);
    while ((await revoker.find(operationId))?.state !== 'done')
      await new Promise((resolve) => setTimeout(resolve, 20));
    const revokedPerSecond = Math.round(SESSIONS / ((performance.now() - started) / 1_000));
    await revoker.onModuleDestroy();
    await store.engine.close();
    client.disconnect();
    return { memoryBytes, create, read, touch, save, revokedPerSecond };
  } finally {
    server.kill('SIGKILL');
    await once(server, 'exit');
    await rm(dir, { recursive: true, force: true });
  }
}

const round = (value) => Math.round(value * 10) / 10;

const measured = {};
for (const bytes of SIZES) measured[bytes] = await measure(bytes);
console.log(JSON.stringify(measured, null, 2));
