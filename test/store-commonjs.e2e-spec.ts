import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { transformFile } from '@swc/core';
import { startRedis, type TestRedis } from './support/redis-server.js';

// A program of somebody who has never heard of ES modules, and who gets a session from one request to the next.
const PROGRAM = `
const assert = require('node:assert');
const http = require('node:http');
const express = require('express');
const session = require('express-session');
const { Redis } = require('ioredis');
const { RedisSessionStore, createSessionId, SessionStoreUnavailableError } = require('./session/index.js');

const client = new Redis({ path: process.argv[2] });
const store = new RedisSessionStore({ client, userId: (s) => s.userId, indexKeys: ['index-key-of-the-commonjs-specification'] });
assert(store instanceof session.Store);
assert(SessionStoreUnavailableError.prototype instanceof Error);
const app = express();
app.use(session({ store, secret: 'secret', resave: false, saveUninitialized: false, genid: (req) => createSessionId(req.user) }));
app.get('/', (req, res) => {
  req.session.visits = (req.session.visits || 0) + 1;
  res.end(String(req.session.visits));
});
const server = http.createServer(app).listen(0, '127.0.0.1', async () => {
  const url = 'http://127.0.0.1:' + server.address().port;
  const first = await fetch(url);
  // express-session sends the headers before it has saved, and the end after that.
  await first.text();
  const cookie = first.headers.get('set-cookie').split(';')[0];
  const second = await fetch(url, { headers: { cookie } });
  store.length((error, length) => {
    second.text().then((visits) => {
      process.stdout.write(JSON.stringify({ error, length, visits }));
      server.close();
      server.closeAllConnections();
      client.disconnect();
    });
  });
});
`;

describe('the store in a CommonJS program', () => {
  let redis: TestRedis;
  let directory: string;

  beforeAll(async () => {
    redis = await startRedis();
    directory = await mkdtemp(join(tmpdir(), 'lk-commonjs-'));
    await compile(['session', 'problem', 'options'], directory);
    await symlink(resolve('node_modules'), join(directory, 'node_modules'), 'dir');
    await writeFile(join(directory, 'package.json'), '{ "type": "module" }');
    await writeFile(join(directory, 'program.cjs'), PROGRAM);
  });
  afterAll(async () => {
    await redis.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('is loaded with require() and keeps sessions', async () => {
    const { stdout } = await promisify(execFile)(
      process.execPath,
      [join(directory, 'program.cjs'), redis.socket],
      {
        env: { PATH: process.env['PATH'] },
        timeout: 20_000,
      },
    );
    expect(JSON.parse(stdout)).toEqual({ error: null, length: 1, visits: '2' });
  });
});

/** Compiles folders of src as the build does, each file by itself: what matters here is how modules load each other. */
async function compile(folders: string[], target: string): Promise<void> {
  for (const folder of folders) {
    for (const name of await readdir(join('src', folder), { recursive: true })) {
      const [source, output] = [join('src', folder, name), join(target, folder, name)];
      if (name.endsWith('.lua'))
        await mkdir(dirname(output), { recursive: true }).then(() => cp(source, output));
      if (!name.endsWith('.ts') || name.endsWith('.spec.ts')) continue;
      const { code } = await transformFile(source, {
        swcrc: false,
        jsc: {
          target: 'es2022',
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true },
        },
        module: { type: 'es6' },
      });
      await mkdir(dirname(output), { recursive: true });
      await writeFile(output.replace(/\.ts$/, '.js'), code);
    }
  }
}
