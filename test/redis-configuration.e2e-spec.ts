import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { parse } from 'yaml';

import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { startProgram, type RunningProgram } from './support/program.js';
import { type RedisProcess, startRedisProcess } from './support/redis-process.js';
import { temporaryDirectory } from './support/temporary-directory.js';

jest.setTimeout(60_000);

const ROOT = new URL('..', import.meta.url);
const CONFIGURATION = fileURLToPath(new URL('deploy/redis.conf', ROOT));
const REDIS_PASSWORD = 'example1change1me';

let directory: string;
let socket: string;
let server: RedisProcess;
let program: RunningProgram;

// As docker-compose.yml runs it, with a socket in place of the port.
beforeEach(async () => {
  directory = temporaryDirectory('lk-conf-');
  socket = join(directory, 'redis.sock');
  const compose = parse(readFileSync(new URL('docker-compose.yml', ROOT), 'utf8'));
  const users = String(compose.configs['redis-users'].content).replace(
    /\$\{REDIS_PASSWORD[^}]*\}/,
    REDIS_PASSWORD,
  );
  await writeFile(join(directory, 'users.acl'), users);
  server = await startRedisProcess([
    ...[CONFIGURATION, '--aclfile', join(directory, 'users.acl')],
    ...['--port', '0', '--unixsocket', socket, '--dir', directory],
  ]);
  program = await startProgram({
    REDIS_URL: `unix://latchkey:${REDIS_PASSWORD}@${socket}`,
    DATABASE_URL: `sqlite:${join(directory, 'users.db')}`,
    PORT: '0',
  });
});
afterEach(async () => {
  await program.dispose();
  await server.kill();
  await rm(directory, { recursive: true });
});

it('the Redis of the deployment serves the program, lets nobody else in and keeps sessions and their ends', async () => {
  const [, url] = (await program.line(/Latchkey\s+(http:\S+)/)) as unknown as [string, string];
  const ada = new BearerClient(url);
  const account = { email: 'ada@example.com', password: PASSWORD };
  expect((await ada.login(account, '/auth/register')).status).toBe(201);
  const [lost, ended] = [new BearerClient(url), new BearerClient(url)];
  for (const client of [lost, ended]) expect((await client.login(account)).status).toBe(200);
  expect((await ended.post('/auth/logout')).status).toBe(204);

  const stranger = new Redis({
    path: socket,
    lazyConnect: true,
    enableReadyCheck: false,
    retryStrategy: null,
  });
  stranger.on('error', () => undefined);
  await expect(stranger.get('lk:ring')).rejects.toThrow(/NOAUTH/);
  stranger.disconnect();

  await server.restart();
  for (;;) if ((await ada.get('/auth/session')).status !== 503) break;
  expect((await ada.get('/auth/session')).status).toBe(200);
  expect((await ended.get('/auth/session')).status).toBe(401);
  expect((await ada.delete('/auth/sessions')).status).toBe(200);
  expect((await lost.get('/auth/session')).status).toBe(401);
});
