// What waiting for the replicas costs a revocation: a primary and two replicas on this machine, one user after the other.
// After npm run build: node bench/revocation-wait.mjs [revocations]
import { mkdtemp, rm } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import 'reflect-metadata';

const { NestFactory } = await import('@nestjs/core');
const { SessionModule, SessionService } = await import('../dist/index.js');

const COUNT = Number(process.argv[2] ?? 2_000);
const directory = await mkdtemp(join(tmpdir(), 'latchkey-bench-'));
const ports = await Promise.all([freePort(), freePort(), freePort()]);
const servers = ports.map((port, i) =>
  spawn('redis-server', [
    ...[
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--dir',
      directory,
      '--save',
      '',
      '--repl-diskless-sync-delay',
      '0',
    ],
    ...(i > 0 ? ['--replicaof', '127.0.0.1', ports[0]] : []),
  ]),
);
const client = new Redis({ port: ports[0], retryStrategy: () => 50 });
client.on('error', () => undefined);
while (!(await client.info('replication').catch(() => '')).includes('connected_slaves:2'));
await client.set('linked', '');
while ((await client.wait(2, 1_000)) < 2);

for (const mode of ['local', 'replicated']) {
  const module = SessionModule.forRoot({
    client,
    secrets: ['a-session-secret-of-this-bench-only'],
    indexKeys: ['an-index-key-of-this-bench-and-only'],
    durability: { mode },
  });
  const app = await NestFactory.createApplicationContext(module, { logger: false });
  const sessions = app.get(SessionService);
  for (let i = 0; i < 200; i += 1) await sessions.revokeAll('warm');
  const tookMs = [];
  let confirmed = 0;
  for (let i = 0; i < COUNT; i += 1) {
    const startMs = performance.now();
    const { durable } = await sessions.revokeAll(`user-${i}`);
    tookMs.push(performance.now() - startMs);
    if (durable) confirmed += 1;
  }
  tookMs.sort((a, b) => a - b);
  const at = (share) => tookMs[Math.floor(share * COUNT)].toFixed(3);
  console.log(`${mode}: median ${at(0.5)} ms, p99 ${at(0.99)} ms, ${confirmed} of ${COUNT} confirmed`);
  await app.close();
}
client.disconnect();
for (const server of servers) server.kill();
await rm(directory, { recursive: true, force: true });

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(String(port)));
    });
  });
}
