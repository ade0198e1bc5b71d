import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Database } from '../src/database/index.js';
import { FIRST_ADMIN_EMAIL } from '../src/first-admin.js';
import { type Answer, BearerClient } from './support/clients.js';
import { onEachDatabase } from './support/databases.js';
import { type RunningProgram, startProgram } from './support/program.js';
import { type RedisGate, startRedisGate } from './support/redis-gate.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';

const PASSWORD = 'nine small goats on a roof';
const NEW_PASSWORD = 'eight large goats under a bridge';

// Four starts of the program, and up to five seconds for which a password change holds its entry.
jest.setTimeout(60_000);

interface Node {
  program: RunningProgram;
  url: string;
}

onEachDatabase('a program that is killed between the commit of a change and Redis', (databases) => {
  let redis: TestRedis;
  let gate: RedisGate;
  let database: Database;
  let nodes: Node[];

  beforeEach(async () => {
    redis = await startRedis(programMayOnly());
    gate = await startRedisGate(redis.socket);
    database = databases.open();
    nodes = [];
  });
  afterEach(async () => {
    for (const { program } of nodes) await program.dispose();
    await gate.close();
    await redis.stop();
  });

  const start = async (redisUrl = gate.url): Promise<Node> => {
    const program = await startProgram({ REDIS_URL: redisUrl, DATABASE_URL: databases.url, PORT: '0' });
    const node = { program, url: '' };
    nodes.push(node);
    node.url = (await program.line(/Latchkey\s+(http:\S+)/))[1] as string;
    return node;
  };
  const loggedIn = async ({ url }: Node, email: string, password = PASSWORD): Promise<BearerClient> => {
    const client = new BearerClient(url);
    expect((await client.login({ email, password })).status).toBe(200);
    return client;
  };
  const registered = async ({ url }: Node, name: string): Promise<{ id: string; client: BearerClient }> => {
    const client = new BearerClient(url);
    const { body } = await client.login({ email: emailOf(name), password: PASSWORD }, '/auth/register');
    return { id: (body as { user: { id: string } }).user.id, client };
  };
  const emailOf = (name: string): string => `${name}@example.com`;
  const entries = async (): Promise<number> =>
    (await database.kysely.selectFrom('session_outbox').select('id').execute()).length;

  it('has done all of it, when it is started again, before it answers anybody', async () => {
    const first = await start();
    const { dataDir } = first.program;
    // A database of its own has a file of its own.
    const file = (await readdir(dataDir)).find((name) => name.startsWith('admin-password')) ?? '';
    const adminPassword = (await readFile(join(dataDir, file), 'utf8')).trim();
    const admin = await loggedIn(first, FIRST_ADMIN_EMAIL, adminPassword);
    const disabled = await registered(first, 'disabled');
    const promoted = await registered(first, 'promoted');
    const changing = await registered(first, 'changing');
    const elsewhere = await loggedIn(first, emailOf('changing'));
    // One node for each change: whatever comes after what is held, on the same connection, is held too.
    const [second, third] = await Promise.all([start(), start()]);
    const on = ({ url }: Node, { token }: BearerClient) => new BearerClient(url, token);

    // What tells the sessions gets no further than the gate: a principal, or the rotation of a password change.
    const tells = /eval[^]*lk:prn:|lk:idx:/;
    const answers: Promise<string>[] = [];
    const begin = async (...changes: Promise<Answer>[]): Promise<void> => {
      const held = gate.hold(tells, changes.length);
      for (const change of changes) {
        answers.push(
          change.then(
            ({ text }) => text,
            () => 'cut',
          ),
        );
      }
      await held;
    };
    // First what takes longest, because it hashes: none of them waits for Redis longer than half a second.
    const passwords = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
    await begin(on(third, changing.client).put('/auth/password', passwords));
    await begin(
      on(first, admin).patch(`/admin/users/${disabled.id}`, { disabled: true }),
      on(second, admin).patch(`/admin/users/${promoted.id}`, { roles: ['support'] }),
    );
    for (const { program } of nodes) program.signal('SIGKILL');
    for (const { program } of nodes) await program.ended;
    expect(await Promise.all(answers)).toEqual(['cut', 'cut', 'cut']);
    // It is all in the database, and the sessions have been told nothing.
    expect(await entries()).toBe(3);
    const behind = redis.client();
    expect([await behind.keys('lk:prn:*'), await behind.keys('lk:gen:*')]).toEqual([[], []]);

    const again = await start(redis.url);
    expect((await fetch(`${again.url}/health/ready`)).status).toBe(200);
    expect(await entries()).toBe(0);
    const statusOf = async (client: BearerClient): Promise<number> =>
      (await on(again, client).get('/auth/session')).status;
    expect(await statusOf(disabled.client)).toBe(401);
    expect(await statusOf(changing.client)).toBe(401);
    expect(await statusOf(elsewhere)).toBe(401);
    expect(await statusOf(admin)).toBe(200);
    const session = await on(again, promoted.client).get('/auth/session');
    expect([session.status, session.body.user.roles]).toEqual([200, ['support']]);

    for (const name of ['disabled', 'changing']) {
      const refused = await new BearerClient(again.url).login({ email: emailOf(name), password: PASSWORD });
      expect([refused.status, refused.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
    }
    await loggedIn(again, emailOf('changing'), NEW_PASSWORD);
  });
});
