import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { ConfirmedConnection } from '../src/session/durability/confirmed-connection.js';
import { startAdminApp, type AdminApp } from './support/admin-app.js';
import { PASSWORD } from './support/app.js';
import { type Answer, BearerClient, type CookieClient } from './support/clients.js';
import { startReplicas, type TestReplicas } from './support/redis-replicas.js';
import { programMayOnly, type TestRedis } from './support/redis-server.js';

type Client = CookieClient | BearerClient;

const NEW_PASSWORD = 'seven old crows in a field';

let servers: TestReplicas;
let program: AdminApp;
let people = 0;

const durableOf = ({ headers }: Answer) => headers.get('revocation-durable');
const startProgram = (env: Record<string, string> = {}) =>
  startAdminApp({
    redis: servers as unknown as TestRedis,
    env: { REDIS_URL: servers.url, REVOCATION_DURABILITY: 'replicated', SESSION_LIMIT: '100', ...env },
  });

/** Somebody new with this many sessions. */
async function somebody(
  sessions = 1,
): Promise<{ id: string; email: string; clients: [Client, ...Client[]] }> {
  const email = `person-${(people += 1)}@example.com`;
  const { id, clients } = await program.person(email, { sessions });
  return { id, email, clients: clients as [Client, ...Client[]] };
}

async function isAlive(client: Client): Promise<boolean> {
  return (await client.get('/auth/session')).status === 200;
}

beforeAll(async () => {
  servers = await startReplicas({ args: programMayOnly() });
  program = await startProgram();
});
afterEach(async () => {
  for (const replica of servers.replicas) replica.thaw();
  await servers.linked();
});
afterAll(async () => {
  await program.close();
  await servers.stop();
});

/** Every call that ends sessions, by what a client or an admin does. */
const CALLS: [name: string, status: number, call: () => Promise<Answer>][] = [
  ['a logout', 204, async () => (await somebody()).clients[0].post('/auth/logout')],
  [
    'ending one of my sessions',
    204,
    async () => {
      const { clients } = await somebody(2);
      const other = await program.sessionIdOf(clients[1] as Client);
      return clients[0].delete(`/auth/sessions/${other}`);
    },
  ],
  ['ending my other sessions', 200, async () => (await somebody(3)).clients[0].delete('/auth/sessions')],
  ['ending all of mine', 200, async () => (await somebody(2)).clients[0].delete('/auth/sessions?scope=all')],
  [
    'a re-authentication',
    200,
    async () => (await somebody()).clients[0].post('/auth/reauthenticate', { password: PASSWORD }),
  ],
  [
    'a password change',
    200,
    async () => {
      const change = { currentPassword: PASSWORD, newPassword: NEW_PASSWORD };
      return (await somebody(2)).clients[0].put('/auth/password', change);
    },
  ],
  [
    'a login in place of another session',
    200,
    async () => {
      const { email, clients } = await somebody(2);
      const revokeSessionId = await program.sessionIdOf(clients[1] as Client);
      return clients[0].post('/auth/login', {
        email,
        password: PASSWORD,
        transport: 'bearer',
        revokeSessionId,
      });
    },
  ],
  [
    'an admin who ends one of somebody’s sessions',
    204,
    async () => {
      const { id, clients } = await somebody();
      return program.admin.delete(`/admin/users/${id}/sessions/${await program.sessionIdOf(clients[0])}`);
    },
  ],
  [
    'an admin who ends all of somebody’s sessions',
    200,
    async () => program.admin.delete(`/admin/users/${(await somebody(2)).id}/sessions`),
  ],
  [
    'an admin who disables somebody',
    200,
    async () => program.admin.patch(`/admin/users/${(await somebody()).id}`, { disabled: true }),
  ],
  ['an admin who ends everybody’s sessions', 202, async () => program.admin.delete('/admin/sessions')],
];

describe('what ends sessions, with two replicas', () => {
  it.each(CALLS)('says of %s that both have it', async (_name, status, call) => {
    const answer = await call();
    expect(answer.status).toBe(status);
    expect(durableOf(answer)).toBe('true');
    if (answer.body && 'revoked' in answer.body) expect(answer.body.durable).toBe(true);
  });

  it.each(CALLS)('does not say so of %s while one of them is frozen', async (_name, status, call) => {
    servers.replicas[1]?.freeze();
    const answer = await call();
    expect(answer.status).toBe(status);
    expect(durableOf(answer)).toBe('false');
    if (answer.body && 'revoked' in answer.body) expect(answer.body.durable).toBe(false);
  });

  it('is in force although no replica confirms it', async () => {
    for (const replica of servers.replicas) replica.freeze();
    const { clients } = await somebody(3);
    const answer = await clients[0].delete('/auth/sessions');
    expect(answer.body).toEqual({ revoked: 2, durable: false });
    expect(await Promise.all(clients.map(isAlive))).toEqual([true, false, false]);
  });

  it('can be asked again, and is confirmed then', async () => {
    servers.replicas[0]?.freeze();
    const { clients } = await somebody(2);
    expect((await clients[0].delete('/auth/sessions')).body).toEqual({ revoked: 1, durable: false });
    servers.replicas[0]?.thaw();
    await servers.linked();
    expect((await clients[0].delete('/auth/sessions')).body).toEqual({ revoked: 0, durable: true });
  });

  it('is confirmed for everybody who logs out at the same time', async () => {
    const { clients } = await somebody(40);
    const answers = await Promise.all(clients.map((client) => client.post('/auth/logout')));
    expect(answers.map(durableOf)).toEqual(clients.map(() => 'true'));
  });

  it('does not stand in line while replicas keep others waiting', async () => {
    const { clients } = await somebody(30);
    servers.replicas[0]?.freeze();
    const startMs = performance.now();
    const answers = await Promise.all(clients.map((client) => client.post('/auth/logout')));
    // One after the other, half a second each, would take 15 s.
    expect(performance.now() - startMs).toBeLessThan(5_000);
    expect(answers.map(({ status }) => status)).toEqual(clients.map(() => 204));
    expect(answers.map(durableOf)).toEqual(clients.map(() => 'false'));
    expect(await Promise.all(clients.map(isAlive))).toEqual(clients.map(() => false));
  });

  it('says nothing where no session ended', async () => {
    const { email, clients } = await somebody();
    const answers = [
      await clients[0].get('/auth/session'),
      await new BearerClient(program.url).login({ email, password: PASSWORD }),
      await program.admin.get('/admin/users'),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(answers.map(durableOf)).toEqual([null, null, null]);
  });
});

describe('a confirmation', () => {
  /** What the servers were sent while `work` ran, by connection. */
  async function sentDuring(work: () => Promise<unknown>): Promise<string[][]> {
    const monitor = await servers.client().monitor();
    const byConnection = new Map<string, string[]>();
    monitor.on('monitor', (_time: string, [name = '', second = '']: string[], source: string) => {
      // What scripts do is shown as of `lua`.
      if (source === 'lua') return;
      byConnection.set(source, [...(byConnection.get(source) ?? []), `${name} ${second}`.toLowerCase()]);
    });
    await work();
    await servers.primary.admin.ping();
    monitor.disconnect();
    return [...byConnection.values()];
  }

  it('is of the connection that has sent the script, by its text, right before it and in no transaction', async () => {
    const { clients } = await somebody(2);
    const sent = await sentDuring(() => clients[0].delete('/auth/sessions'));
    const confirming = sent.filter((commands) => commands.some((command) => command.startsWith('wait ')));
    expect(confirming).toHaveLength(1);
    const names = (confirming[0] as string[]).map((command) => command.split(' ')[0]);
    // It counts replicas itself here, behind every WAIT.
    expect(names).toEqual(['eval', 'wait', 'info']);
    expect(sent.flat().some((command) => /^(multi|exec) /.test(command))).toBe(false);
  });

  it('is not given for a script that the server did not know, and that came after the WAIT', async () => {
    const { clients } = await somebody(2);
    await servers.primary.admin.script('FLUSH');
    servers.replicas[0]?.freeze();
    servers.replicas[1]?.freeze();
    expect(durableOf(await clients[0].delete('/auth/sessions'))).toBe('false');
  });

  it('is not given by as many replicas as are left of those that were there', async () => {
    const { clients } = await somebody(2);
    await servers.replicas[1]?.admin.replicaof('NO', 'ONE');
    const answer = await clients[0].delete('/auth/sessions');
    await servers.replicas[1]?.admin.replicaof('127.0.0.1', servers.primary.port);
    expect(durableOf(answer)).toBe('false');
  });

  it('survives that its connection is cut', async () => {
    const connections = String(await servers.primary.admin.client('LIST')).split('\n');
    const confirming = connections.filter(
      (line) => line.includes('cmd=info') && !line.includes('user=tests'),
    );
    for (const line of confirming) {
      await servers.primary.admin.call('CLIENT', 'KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? '');
    }
    for (;;) {
      const { clients } = await somebody(2);
      const answer = await clients[0].delete('/auth/sessions');
      expect(answer.body.revoked).toBe(1);
      if (durableOf(answer) === 'true') break;
    }
  });
});

describe('the connection for confirmations', () => {
  it('leaves a server when the client does that it was made from, which notices a server that hangs', async () => {
    const base = servers.client();
    const confirmed = new ConfirmedConnection(base, { mode: 'replicated', replicas: 2, timeoutMs: 500 });
    const revoke = () =>
      confirmed.run({ text: "return redis.call('INCR', KEYS[1])", keys: ['tests:revoked'], args: [] });
    const idsNow = async () => {
      const lines = String(await servers.primary.admin.client('LIST')).split('\n');
      return lines.filter((line) => line.includes('cmd=wait')).map((line) => /id=(\d+)/.exec(line)?.[1]);
    };
    expect((await revoke())?.durable).toBe(true);
    const [before] = await idsNow();
    const again = new Promise((resolve) => base.once('ready', resolve));
    base.disconnect(true);
    await again;
    while (!(await revoke())?.durable);
    expect(await idsNow()).not.toContain(before);
    const listeners = base.listenerCount('close');
    confirmed.close();
    expect(base.listenerCount('close')).toBe(listeners - 1);
  });
});

describe('with a number of replicas that is given', () => {
  it('wants that many, however many there are', async () => {
    const three = await startProgram({ REVOCATION_REPLICAS: '3' });
    const { clients } = await three.person('three@example.com', { sessions: 2 });
    expect((await (clients[0] as Client).delete('/auth/sessions')).body).toEqual({
      revoked: 1,
      durable: false,
    });
    await three.close();
  });
});

describe('REVOCATION_DURABILITY=local', () => {
  it('waits for nobody and says nothing', async () => {
    const local = await startProgram({ REVOCATION_DURABILITY: 'local' });
    servers.replicas[0]?.freeze();
    const { clients } = await local.person('local@example.com', { sessions: 3 });
    const [first, second] = clients as [Client, Client];
    const answers = [await first.delete('/auth/sessions'), await first.post('/auth/logout')];
    expect(answers.map(durableOf)).toEqual([null, null]);
    expect(answers[0]?.body).toEqual({ revoked: 2 });
    expect(await isAlive(second)).toBe(false);
    await local.close();
  });
});
