import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Cluster } from 'ioredis';

import { createSessionId } from '../src/index.js';
import { type ClusterNode, startCluster, type TestCluster } from './support/redis-cluster.js';
import { INDEX_KEY } from './support/session-host.js';
import { SOON_MS } from './support/socket-client.js';
import { endOf, openSession, type SocketHost, startSocketHost } from './support/socket-host.js';

const GRACE_MS = 1_500;
const CROWD = 400;
// As the program's client is set: docs/operations.md.
const CAREFUL = {
  redisOptions: {
    ...{ commandTimeout: 500, socketTimeout: 1_000, connectTimeout: 1_000, maxRetriesPerRequest: 0 },
    ...{ enableOfflineQueue: false, autoResendUnfulfilledCommands: false },
    retryStrategy: () => 50,
  },
  enableAutoPipelining: true,
};

let cluster: TestCluster;
let near: SocketHost;
let far: SocketHost;
beforeEach(async () => {
  cluster = await startCluster();
  const careful: Cluster = cluster.client(CAREFUL);
  near = await startSocketHost(careful, { maxSessions: 0, socketOutageGraceMs: GRACE_MS });
  far = await startSocketHost(cluster.client(CAREFUL), { maxSessions: 0 });
});
afterEach(async () => {
  for (const node of cluster.primaries) node.thaw();
  await near.close();
  await far.close();
  await cluster.stop();
});

/** Somebody whose sessions lie on that primary. */
async function userOf(node: ClusterNode): Promise<string> {
  for (let i = 0; ; i++) {
    const [tag = ''] = createSessionId(`user${i}`, { indexKeys: [INDEX_KEY] }).split('.');
    const held = await node.admin.call('EXISTS', `{${tag}}`).then(
      () => true,
      () => false,
    );
    if (held) return `user${i}`;
  }
}

it('closes what ends on healthy shards in time, without news, while those of a frozen one wait, which end with their grace', async () => {
  const [frozen, healthy] = cluster.primaries;
  const logins = async (user: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => near.login(`user=${user}`)));
  const [stuck, lively] = [await userOf(frozen), await userOf(healthy)];
  const waiting = [];
  for (const headers of await logins(stuck, CROWD)) waiting.push(await openSession(near, headers));
  const [headers] = await logins(lively, 1);
  const session = await openSession(near, headers as { cookie: string; origin: string });
  // News are heard from nobody: all depends on the looks.
  for (const { admin } of cluster.primaries) {
    await admin.acl('SETUSER', 'default', '-subscribe');
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  }
  const [end, ends] = [endOf(session), Promise.all(waiting.map((one) => endOf(one)))];
  frozen.freeze();
  const frozenMs = performance.now();
  // Until the looks at the frozen shard are under way.
  await new Promise((resolve) => setTimeout(resolve, 600));
  const revokedMs = performance.now();
  await far.sessions.revokeAll(lively);
  const { code, atMs } = await end;
  expect(code).toBe(4401);
  expect(atMs - revokedMs).toBeLessThan(SOON_MS);
  const late = await ends;
  expect(new Set(late.map((one) => one.code))).toEqual(new Set([4503]));
  expect(Math.max(...late.map((one) => one.atMs)) - frozenMs).toBeLessThan(GRACE_MS + SOON_MS);
});
