import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Redis } from 'ioredis';

import { PASSWORD } from './support/app.js';
import { BearerClient } from './support/clients.js';
import { compiledSources } from './support/compiled-sources.js';
import { nextVersionSources } from './support/next-version.js';
import { type RunningProgram, startProgram } from './support/program.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';
import { temporaryDirectory } from './support/temporary-directory.js';

jest.setTimeout(60_000);

/** A node of this format, and one that reads this format and writes the next, on one Redis and one database. */
describe('two versions of the record format side by side', () => {
  let redis: TestRedis;
  let client: Redis;
  let present: RunningProgram;
  let next: RunningProgram;
  let settings: Record<string, string>;
  let directory: string;
  const urls = { present: '', next: '' };
  let people = 0;

  beforeAll(async () => {
    redis = await startRedis(programMayOnly());
    client = redis.client();
    directory = temporaryDirectory('lk-versions-');
    settings = {
      NODE_ENV: 'test',
      PORT: '0',
      ...redis.settings,
      DATABASE_URL: `sqlite:${join(directory, 'shared.db')}`,
      SESSION_LIMIT: '3',
    };
    const start = async (sources?: string): Promise<[RunningProgram, string]> => {
      const program = await startProgram(settings, { sources });
      return [program, (await program.line(/Latchkey\s+(http:\S+)/))[1] as string];
    };
    [present, urls.present] = await start();
    [next, urls.next] = await start(await nextVersionSources());
  }, 90_000);
  afterAll(async () => {
    await present.dispose();
    await next.dispose();
    await redis.stop();
    await rm(directory, { recursive: true });
  });

  /** Somebody new; logs in on either node. */
  const person = async () => {
    const email = `reader-${++people}@example.com`;
    const first = new BearerClient(urls.present);
    await first.login({ email, password: PASSWORD }, '/auth/register');
    const loginOn = async (url: string): Promise<{ token: string; record: string; id: string }> => {
      const before = new Set(await client.keys('lk:sess:*'));
      const bearer = new BearerClient(url);
      const { body } = await bearer.login({ email, password: PASSWORD });
      const record = (await client.keys('lk:sess:*')).find((key) => !before.has(key)) as string;
      return { token: bearer.token as string, record, id: body.session.id };
    };
    return { email, token: first.token as string, loginOn };
  };
  const read = async (url: string, token: string) => {
    const { status, headers } = await new BearerClient(url, token).get('/auth/session');
    expect(headers.get('set-cookie')).toBeNull();
    return status;
  };
  const version = async (record: string) => (await client.get(record))?.[0];

  it('keeps people logged in on the node that reads both', async () => {
    const { token, loginOn } = await person();
    const { token: newer, record } = await loginOn(urls.next);
    expect(await version(record)).toBe('2');
    expect([await read(urls.next, token), await read(urls.next, newer)]).toEqual([200, 200]);
  });

  it('leaves a record of the other version as it is, whatever the node that cannot read it does', async () => {
    const { token, loginOn } = await person();
    const { token: newer, record } = await loginOn(urls.next);
    const [bytes, ttlMs] = [await client.getBuffer(record), await client.pttl(record)];
    const index = record.replace('sess:', 'idx:').replace(/:[^:]*$/, '');

    expect(await read(urls.present, newer)).toBe(401);
    const old = new BearerClient(urls.present, token);
    const listed = await old.get('/auth/sessions');
    expect([listed.status, listed.body.total]).toEqual([200, 1]);
    // Two logins at a limit of three: the third place is the other version's, so the oldest of this one goes.
    const [second] = [await loginOn(urls.present), await loginOn(urls.present)];
    expect(await read(urls.present, token)).toBe(401);
    expect(await read(urls.present, second.token)).toBe(200);

    expect(await client.getBuffer(record)).toEqual(bytes);
    expect(await client.pttl(record)).toBeGreaterThan(ttlMs - 60_000);
    expect(await client.zscore(index, record.slice(record.lastIndexOf(':') + 1))).not.toBeNull();
    expect(await client.keys('lk:quarantine:*')).toEqual([]);
    expect(await read(urls.next, newer)).toBe(200);
  });

  it.each([
    ['all others', (old: BearerClient) => old.delete('/auth/sessions')],
    ['one', (old: BearerClient, id: string) => old.delete(`/auth/sessions/${id}`)],
    [
      'all, by a new password',
      (old: BearerClient) =>
        old.put('/auth/password', {
          currentPassword: PASSWORD,
          newPassword: 'seven quiet rivers in the dark',
        }),
    ],
  ])('ends sessions of the other version when it is told to end %s', async (_which, revoke) => {
    const { token, loginOn } = await person();
    const { token: newer, record, id } = await loginOn(urls.next);
    const { status } = await revoke(new BearerClient(urls.present, token), id);
    expect([200, 204]).toContain(status);
    expect(await read(urls.next, newer)).toBe(401);
    expect(await client.exists(record)).toBe(0);
  });

  it('is reported by the doctor and not repaired', async () => {
    const { loginOn } = await person();
    const { token, record } = await loginOn(urls.next);
    const bytes = await client.getBuffer(record);
    const child = spawn(
      process.execPath,
      [join(await compiledSources(), 'src/cli/sessions.js'), 'doctor', '--repair', '--json'],
      {
        env: {
          PATH: process.env['PATH'],
          NODE_NO_WARNINGS: '1',
          DATA_DIR: present.dataDir,
          SESSION_SECRETS: 'a-session-secret-of-the-tests-only',
          SESSION_INDEX_KEYS: 'an-index-key-of-the-tests-and-only',
          ...settings,
        },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    const [output] = await Promise.all([text(child.stdout), once(child, 'close')]);
    const { findings } = JSON.parse(output) as { findings: Record<string, number> };
    expect(findings['record-of-other-version']).toBeGreaterThan(0);
    expect(await client.getBuffer(record)).toEqual(bytes);
    expect(await read(urls.next, token)).toBe(200);
  });

  it('ends everybody’s sessions, of both versions', async () => {
    const [one, other] = [await person(), await person()];
    const { token: newer, record } = await one.loginOn(urls.next);
    const admin = new BearerClient(urls.present);
    const password = await adminPassword();
    await admin.login({ email: 'admin@example.com', password });
    const { body } = await admin.delete('/admin/sessions');
    for (;;) {
      const { body: operation } = await admin.get(`/admin/operations/${body.operationId}`);
      if (operation.state === 'done') break;
    }
    expect(await read(urls.next, newer)).toBe(401);
    expect(await read(urls.next, other.token)).toBe(401);
    expect(await client.exists(record)).toBe(0);
  });

  const adminPassword = async (): Promise<string> => {
    const name = (await readdir(present.dataDir)).find((file) => file.startsWith('admin-password')) as string;
    return (await readFile(join(present.dataDir, name), 'utf8')).trim();
  };
});
