import type { ClusterOptions, Redis, RedisOptions } from 'ioredis';

import { clusterClient, isPrimary } from './redis-everywhere.js';
import { monitorOf } from './redis-monitor.js';
import { HOST, poll, TestClients, TESTS } from './redis-process.js';
import { NAME } from './redis-sentinel.js';
import type { TestRedis } from './redis-server.js';
import { type OwnedSet, type RedisSet, type SetTopology, startSet } from './redis-sets.js';
import { certificatesIn, makeCertificates } from './tls.js';

// The sets of this worker that no one uses at the moment; test/support/jest/start-sets.mjs has started them.
const idle: RedisSet[] = setsOfThisWorker();

function setsOfThisWorker(): RedisSet[] {
  const all = JSON.parse(process.env['LATCHKEY_TEST_REDIS_SETS'] ?? '[[]]') as RedisSet[][];
  return all[(Number(process.env['JEST_WORKER_ID'] ?? '1') - 1) % all.length] ?? [];
}

/**
 * What {@link startRedis} gives when the specs run on Sentinel or on Cluster: one of the worker's sets, emptied; one
 * that is started for it when those are in use, when it may break, or when its servers need arguments that cannot be
 * set on one that runs.
 */
export async function startRedisOnSet(
  topology: SetTopology,
  args: string[],
  { mayBreak, tls }: { mayBreak: boolean; tls: boolean },
): Promise<TestRedis> {
  const users = mayBreak ? undefined : onlyUsersIn(args);
  const shared = users && idle.pop();
  if (shared) {
    const redis = new SetAccess(shared);
    await redis.reset(users);
    return testRedis(redis, {
      ...refusing,
      stop: async () => {
        await redis.clients.close();
        idle.push(shared);
      },
    });
  }
  const certificates = tls ? makeCertificates() : undefined;
  const own = await startSet(topology, { args, tls: certificates });
  const redis = new SetAccess(own);
  return testRedis(redis, {
    kill: async () => void (await Promise.all(own.processes.map((one) => one.kill()))),
    restart: () => restart(own, redis),
    freeze: () => own.processes.forEach((one) => one.freeze()),
    thaw: () => own.processes.forEach((one) => one.thaw()),
    stop: async () => {
      own.processes.forEach((one) => one.thaw());
      await redis.clients.close();
      await own.stop();
      certificates?.remove();
    },
  });
}

const refuse = (): never => {
  throw new Error('Other spec files use these servers, too: start them with { mayBreak: true }.');
};
const refusing = { kill: refuse, restart: refuse, freeze: refuse, thaw: refuse };

/** The rules of every user in arguments that name nothing but users. */
function onlyUsersIn(args: string[]): string[][] | undefined {
  const users = args.join('\n').split('--user\n').slice(1);
  const rules = users.map((user) => user.trim().split('\n'));
  return rules.flat().length + rules.length === args.length ? rules : undefined;
}

async function restart(own: OwnedSet, { servers }: SetAccess): Promise<void> {
  // The first was the primary at the start; the others ask it for its data, and sentinels ask them all.
  for (const one of own.processes.slice(0, own.topology === 'sentinel' ? 1 : undefined)) await one.kill();
  const [first, ...others] = own.processes;
  if (own.topology === 'sentinel') await first?.restart();
  await Promise.all((own.topology === 'sentinel' ? others : own.processes).map((one) => one.restart()));
  await Promise.all(
    servers.map((server) =>
      poll(async () => {
        const info = await server.info('replication').catch(() => '');
        if (!/role:master|master_link_status:up/.test(info)) return false;
        return (
          own.topology === 'sentinel' || String(await server.cluster('INFO')).includes('cluster_state:ok')
        );
      }),
    ),
  );
}

/** Looks at all servers of a set, for a spec. */
class SetAccess {
  readonly clients = new TestClients();
  /** One client per server with data. */
  readonly servers: Redis[];
  private readonly tls: { ca: Buffer; cert: Buffer; key: Buffer } | undefined;

  constructor(readonly set: RedisSet) {
    this.tls = set.certificates === undefined ? undefined : certificatesIn(set.certificates).read();
    this.servers = set.ports.map((port) => this.open(port));
  }

  /** A client of one server. */
  open(port: number): Redis {
    return this.clients.open({ host: HOST, port, ...(this.tls && { tls: this.tls }) });
  }

  /** Makes it as it is after its start with these users. */
  async reset(users: string[][]): Promise<void> {
    const open = ['default', 'on', 'nopass', '~*', '&*', '+@all'];
    for (const primary of await this.primaries()) await primary.flushall();
    await Promise.all(
      this.servers.map(async (server) => {
        await server.config('SET', 'maxmemory', '0', 'maxmemory-policy', 'noeviction');
        await server.config('RESETSTAT');
        await server.script('FLUSH');
        for (const [name = '', ...rules] of [open, ...users])
          await server.call('ACL', 'SETUSER', name, 'reset', ...rules);
      }),
    );
  }

  async primaries(): Promise<Redis[]> {
    const roles = await Promise.all(this.servers.map(isPrimary));
    return this.servers.filter((_, i) => roles[i]);
  }

  client(options: RedisOptions): Redis {
    const { tls } = this;
    if (this.set.topology === 'sentinel') {
      return this.clients.open({
        sentinels: this.set.sentinels.map((port) => ({ host: HOST, port })),
        name: NAME,
        ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
        ...options,
      });
    }
    const { retryStrategy, ...rest } = options;
    const client = clusterClient(
      this.set.ports.map((port) => ({ host: HOST, port })),
      {
        ...(rest as ClusterOptions),
        ...(retryStrategy && { clusterRetryStrategy: retryStrategy }),
        ...(tls && { dnsLookup: (address, callback) => callback(null, address) }),
        redisOptions: { ...TESTS, disconnectTimeout: 50, ...(tls && { tls }), ...rest },
      },
    );
    // Specs speak of Redis; a cluster's client has the same commands.
    return this.clients.add(client as unknown as Redis);
  }
}

type Lifecycle = Pick<TestRedis, 'kill' | 'restart' | 'freeze' | 'thaw' | 'stop'>;

function testRedis(access: SetAccess, lifecycle: Lifecycle): TestRedis {
  const { url, certificates } = access.set;
  const files = certificates === undefined ? undefined : certificatesIn(certificates);
  return {
    url,
    settings: {
      REDIS_URL: url,
      ...(files && { REDIS_TLS_CA: files.ca, REDIS_TLS_CERT: files.cert, REDIS_TLS_KEY: files.key }),
    },
    get socket(): never {
      throw new Error('There is no socket: these are several servers.');
    },
    get pid(): never {
      throw new Error('There is no one process: these are several servers.');
    },
    client: (options = {}) => access.client(options),
    monitor: async () =>
      monitorOf(
        (await access.primaries()).map(
          ({ options }) =>
            () =>
              access.open(options.port as number),
        ),
      ),
    ...lifecycle,
  };
}
