import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { copyFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { SqlRevocationJournal } from '../src/journal/index.js';
import { REDIS_CLIENT } from '../src/redis/index.js';
import { JournalReplay } from '../src/session/index.js';
import { startAdminApp, type AdminApp } from './support/admin-app.js';
import { PASSWORD, startApp } from './support/app.js';
import { BearerClient, type CookieClient } from './support/clients.js';
import { poll } from './support/redis-process.js';
import { programMayOnly, startSingleRedis, type TestRedis } from './support/redis-server.js';
import { temporaryDirectory } from './support/temporary-directory.js';

type Client = CookieClient | BearerClient;

let redis: TestRedis;
let directory: string;
let program: AdminApp;
let people = 0;

const start = () =>
  startAdminApp({
    redis,
    env: { DATABASE_URL: `sqlite:${join(directory, `latchkey-${(people += 1)}.db`)}` },
  });
const statusOf = async (client: Client) => (await client.get('/auth/session')).status;
const statusesOf = (clients: Client[]) => Promise.all(clients.map(statusOf));

/** Keeps what Redis holds now. */
async function dump(): Promise<void> {
  await redis.client().save();
  await copyFile(join(dirname(redis.socket), 'dump.rdb'), join(directory, 'old.rdb'));
}

/** Redis crashes, and somebody restores that dump. */
async function restore(): Promise<void> {
  await redis.kill();
  await copyFile(join(directory, 'old.rdb'), join(dirname(redis.socket), 'dump.rdb'));
  await redis.restart();
}

/** Resolves when this client is answered again; nobody else must be let in meanwhile. */
async function untilServed(client: Client, ended: Client[]): Promise<void> {
  for (;;) {
    for (const status of await statusesOf(ended)) expect([401, 503]).toContain(status);
    if ((await statusOf(client)) === 200) return;
  }
}

/** Ends sessions in every way but one, and names those that stay. */
async function endSessions(): Promise<{ ended: Client[]; alive: Client[] }> {
  const somebody = async (sessions: number) => {
    const { id, clients } = await program.person(`person-${(people += 1)}@example.com`, { sessions });
    return { id, clients: clients as [Client, Client, ...Client[]] };
  };
  const out = await somebody(2);
  const one = await somebody(2);
  const others = await somebody(3);
  const all = await somebody(2);
  const changed = await somebody(2);
  const disabled = await somebody(2);
  const rotated = await somebody(2);
  const untouched = await somebody(2);
  await dump();
  await out.clients[0].post('/auth/logout');
  await one.clients[0].delete(`/auth/sessions/${await program.sessionIdOf(one.clients[1])}`);
  await others.clients[0].delete('/auth/sessions');
  await program.admin.delete(`/admin/users/${all.id}/sessions`);
  const change = { currentPassword: PASSWORD, newPassword: 'seven old crows in a field' };
  await changed.clients[0].put('/auth/password', change);
  await program.admin.patch(`/admin/users/${disabled.id}`, { disabled: true });
  const before = new BearerClient(program.url, (rotated.clients[1] as BearerClient).token);
  expect((await rotated.clients[1].post('/auth/reauthenticate', { password: PASSWORD })).status).toBe(200);
  return {
    ended: [
      out.clients[0],
      one.clients[1],
      ...others.clients.slice(1),
      ...all.clients,
      changed.clients[1],
      ...disabled.clients,
      before,
    ],
    alive: [out.clients[1], one.clients[0], others.clients[0], rotated.clients[0], ...untouched.clients],
  };
}

beforeAll(async () => {
  directory = temporaryDirectory('lk-journal-');
  redis = await startSingleRedis(programMayOnly());
  program = await start();
});
afterAll(async () => {
  await program.close();
  await redis.stop();
  await rm(directory, { recursive: true, force: true });
});

describe('an old dump of Redis', () => {
  it('brings back no session that has ended since, while the program runs', async () => {
    const { ended, alive } = await endSessions();
    expect(await statusesOf(ended)).toEqual(ended.map(() => 401));
    await restore();
    await untilServed(program.admin, ended);
    expect(await statusesOf(ended)).toEqual(ended.map(() => 401));
    expect(await statusesOf(alive)).toEqual(alive.map(() => 200));

    // Younger ones, of somebody whose sessions were all ended, and another round.
    const younger = (await program.person(`younger@example.com`, { sessions: 3 })).clients;
    await program.app.get(JournalReplay, { strict: false }).replay(0);
    expect(await statusesOf([...younger, ...alive])).toEqual([...younger, ...alive].map(() => 200));
    expect(await statusesOf(ended)).toEqual(ended.map(() => 401));
  });

  it('brings back none when everybody’s were ended, but for the one that was kept', async () => {
    const { clients } = await program.person('everybody@example.com', { sessions: 3 });
    await dump();
    const { operationId } = (await program.admin.delete('/admin/sessions')).body as { operationId: string };
    while ((await program.admin.get(`/admin/operations/${operationId}`)).body.state !== 'done');
    await restore();
    await untilServed(program.admin, clients);
    expect(await statusesOf(clients)).toEqual([401, 401, 401]);
    const again = (await program.person('again@example.com')).clients;
    await program.app.get(JournalReplay, { strict: false }).replay(0);
    expect(await statusesOf([...again, program.admin])).toEqual([200, 200]);
  });

  it('leaves the program unready while it may not read it, since the journal does not answer', async () => {
    const journal = program.app.get(SqlRevocationJournal, { strict: false });
    const ready = async () => {
      const { status, body } = await program.admin.get('/health/ready');
      return [status, body];
    };
    const away = jest.spyOn(journal, 'nowMs').mockRejectedValue(new Error('away'));
    const { clients } = await program.person('unready@example.com');
    await dump();
    await restore();
    const [anybody] = clients as [Client];
    const client = program.app.get<Redis>(REDIS_CLIENT, { strict: false });
    // As soon as the program has asked what it needs to know, and in vain.
    const asked = away.mock.calls.length;
    await poll(() => Promise.resolve(client.status === 'ready' && away.mock.calls.length > asked + 1));
    expect(await statusOf(anybody)).toBe(503);
    expect(await ready()).toEqual([
      503,
      { status: 'unavailable', checks: { redis: 'down', database: 'up' } },
    ]);
    away.mockRestore();
    await poll(async () => (await statusOf(anybody)) === 200);
    expect(await ready()).toEqual([200, { status: 'ready', checks: { redis: 'up', database: 'up' } }]);
  });

  it('brings back none when the program starts on it', async () => {
    const { ended, alive } = await endSessions();
    const { databaseUrl } = program.env;
    await program.close();
    await restore();
    program = await startAgain(databaseUrl);
    for (const client of [...ended, ...alive]) Object.assign(client, { url: program.url });
    // Bearer clients only: what browsers hold is bound to the old address.
    const bearers = (clients: Client[]) => clients.filter((client) => client instanceof BearerClient);
    expect(bearers(ended).length).toBeGreaterThan(3);
    expect(await statusesOf(bearers(ended))).toEqual(bearers(ended).map(() => 401));
    expect(await statusesOf(bearers(alive))).toEqual(bearers(alive).map(() => 200));
  });
});

async function startAgain(databaseUrl: string): Promise<AdminApp> {
  const again = await startApp({ redis, env: { DATABASE_URL: databaseUrl } });
  return {
    ...again,
    admin: program.admin,
    adminId: program.adminId,
    person: program.person,
    sessionIdOf: program.sessionIdOf,
  };
}
