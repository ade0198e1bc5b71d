// What 500 people who log in at once do to everybody else: the time of GET /auth/session, and memory.
// Run after `npm run build`: node bench/login-storm.mjs [people] [seconds]
//
// The program runs as it is shipped, in production, with a redis-server and an SQLite file of its own. All begin within a
// second, and each logs in from an address of his own, again and again; when he is answered 503 he waits as long as
// Retry-After says, and up to a second more. Beside them one client asks for its session every 5 ms, on time whether or
// not it has been answered. The people are in a thread of their own, so that the client does not wait for them. Rounds
// with and without them alternate, and the median of their ratios counts, since a machine has moods.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const PASSWORD = 'nine small goats on a roof';
const ASK_EVERY_MS = 5;
const ROUNDS = 3;
const RAMP_MS = 1_000;
const emailOf = (person) => `person${person}@example.com`;
const addressOf = (person) => `10.${person >> 16}.${(person >> 8) & 255}.${person & 255}`;

/** One request over kept connections. */
function send(url, { method = 'GET', agent, headers = {}, body }) {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, agent, headers }, (answer) => {
      const chunks = [];
      answer.on('data', (chunk) => chunks.push(chunk));
      answer.once('end', () => {
        resolve({
          status: answer.statusCode,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString(),
        });
      });
      answer.once('error', reject);
    });
    // The program closes connections that were idle for long, perhaps at this moment.
    outgoing.once('error', (error) =>
      outgoing.reusedSocket && error.code === 'ECONNRESET'
        ? resolve(send(url, { method, agent, headers, body }))
        : reject(error),
    );
    outgoing.end(body);
  });
}

function login(url, person, agent) {
  return send(`${url}/auth/login`, {
    method: 'POST',
    agent,
    headers: { 'content-type': 'application/json', 'x-forwarded-for': addressOf(person) },
    body: JSON.stringify({ email: emailOf(person), password: PASSWORD, transport: 'bearer' }),
  });
}

async function storm({ url, people, seconds }) {
  const agent = new Agent({ keepAlive: true, maxSockets: people });
  const until = performance.now() + seconds * 1000;
  const statuses = {};
  await Promise.all(
    Array.from({ length: people }, async (_, person) => {
      await delay((person / people) * RAMP_MS);
      while (performance.now() < until) {
        const { status, headers } = await login(url, person, agent).catch(({ code }) => ({
          status: code,
          headers: {},
        }));
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status !== 200) await delay((Number(headers['retry-after'] ?? 1) + Math.random()) * 1000);
      }
    }),
  );
  agent.destroy();
  return statuses;
}

/** Asks for the session on time until it is told to stop. @returns how long each took, in ms, and how many failed */
async function ask(url, token, until) {
  const agent = new Agent({ keepAlive: true });
  const headers = { authorization: `Bearer ${token}` };
  const times = [];
  let failures = 0;
  const under = new Set();
  for (let due = performance.now(); !until.aborted; due += ASK_EVERY_MS) {
    await delay(Math.max(0, due - performance.now()));
    const at = due;
    const asked = send(`${url}/auth/session`, { agent, headers })
      .catch(() => ({ status: 0 }))
      .then(({ status }) => {
        if (status === 200) times.push(performance.now() - at);
        else failures += 1;
        under.delete(asked);
      });
    under.add(asked);
  }
  await Promise.all(under);
  agent.destroy();
  times.sort((a, b) => a - b);
  return { p50: at(times, 0.5), p99: at(times, 0.99), asked: times.length, failures };
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
const ms = (time) => `${time.toFixed(1)} ms`.padStart(9);

/** Resident memory of a process in MB (Linux). */
function memoryOf(pid) {
  const [, kb] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

/** Makes the accounts past HTTP: all have the same hash, which is made once. */
async function seed(settings, people) {
  const { NestFactory } = await import('@nestjs/core');
  const { AppModule } = await import('../dist/app.module.js');
  const { parseEnv } = await import('../dist/config/index.js');
  const { Argon2Hasher } = await import('../dist/auth/index.js');
  const { UsersService } = await import('../dist/users/index.js');
  const app = await NestFactory.createApplicationContext(AppModule.forRoot(parseEnv(settings)), {
    logger: false,
  });
  const users = app.get(UsersService, { strict: false });
  const passwordHash = await new Argon2Hasher().hash(PASSWORD);
  for (let person = 0; person <= people; person += 1)
    await users.create({ email: emailOf(person), displayName: null, passwordHash, roles: [] });
  await app.close();
}

async function main() {
  const [people = 500, seconds = 15] = process.argv.slice(2).map(Number);
  const dir = await mkdtemp(join(tmpdir(), 'lk-bench-'));
  const socket = join(dir, 'redis.sock');
  const redisOptions = [
    '--port',
    '0',
    '--unixsocket',
    socket,
    '--dir',
    dir,
    '--save',
    '',
    '--appendonly',
    'yes',
  ];
  const redis = spawn('redis-server', redisOptions, { stdio: ['ignore', 'pipe', 'inherit'] });
  const running = [redis];
  try {
    for await (const line of createInterface(redis.stdout)) if (/eady to accept/.test(line)) break;
    redis.stdout.resume();
    const settings = {
      NODE_ENV: 'production',
      HOST: '127.0.0.1',
      PORT: '0',
      PUBLIC_URL: 'http://127.0.0.1:8080',
      REDIS_URL: `unix:${socket}`,
      DATABASE_URL: `sqlite:${join(dir, 'latchkey.db')}`,
      SESSION_SECRETS: 'a-session-secret-of-the-benchmark-only',
      SESSION_INDEX_KEYS: 'an-index-key-of-the-benchmark-and-only',
      TRUSTED_PROXIES: '127.0.0.1',
    };
    await seed(settings, people);
    const program = spawn(process.execPath, ['dist/main.js'], {
      env: { ...process.env, ...settings },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(program);
    let url = '';
    for await (const line of createInterface(program.stdout)) {
      ({ url } = JSON.parse(line));
      if (url) break;
    }
    program.stdout.resume();
    await measure({ url, pid: program.pid, people, seconds });
  } finally {
    for (const child of running.reverse()) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
    await rm(dir, { recursive: true, force: true });
  }
}

/** One round: nobody else, then everybody. */
async function round(url, token, { people, seconds }) {
  const idle = await ask(url, token, AbortSignal.timeout(seconds * 1000));
  const over = new AbortController();
  const worker = new Worker(new URL(import.meta.url), { workerData: { url, people, seconds } });
  const asked = ask(url, token, over.signal);
  const [statuses] = await once(worker, 'message');
  over.abort();
  return { idle, busy: await asked, statuses };
}

async function measure({ url, pid, people, seconds }) {
  const { token } = JSON.parse((await login(url, people)).text);
  await ask(url, token, AbortSignal.timeout(3_000));
  const before = memoryOf(pid);
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, memoryOf(pid))), 20);
  console.log(`GET /auth/session   idle p50      p99   ${people} log in p50      p99   failed   logins`);
  const rounds = [];
  for (let i = 0; i < ROUNDS; i += 1) {
    const { idle, busy, statuses } = await round(url, token, { people, seconds });
    rounds.push({ p50: busy.p50 / idle.p50, p99: busy.p99 / idle.p99 });
    const columns = [idle.p50, idle.p99, busy.p50, busy.p99].map(ms);
    const logins = Object.entries(statuses).map(([status, count]) => `${count} × ${status}`);
    console.log(`${columns.join('  ')}  ${idle.failures + busy.failures}  ${logins.join(', ')}`);
  }
  clearInterval(watch);
  const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1].toFixed(2);
  const of = (key) => median(rounds.map((ratios) => ratios[key]));
  console.log(`median ratio of ${ROUNDS} rounds: p50 ${of('p50')}, p99 ${of('p99')}`);
  await delay(5_000);
  const after = memoryOf(pid);
  console.log(
    `resident memory: ${[before, peak, after].map((mb) => mb.toFixed(0)).join(', ')} MB before, at most, 5 s after`,
  );
}

if (isMainThread) await main();
else parentPort.postMessage(await storm(workerData));
