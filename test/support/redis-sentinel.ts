import { Redis, type RedisOptions } from 'ioredis';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  freePorts,
  HOST,
  listenOn,
  memberArgs,
  poll,
  startRedisProcess,
  TestClients,
  TESTS,
  type RedisProcess,
} from './redis-process.js';
import type { TestCertificates } from './tls.js';

/** What its sentinels call the primary. */
export const NAME = 'the-primary';
const SERVERS = 3;
const SENTINELS = 3;

/** One server, or one sentinel, of a {@link TestSentinel}. */
export interface SentinelNode extends RedisProcess {
  port: number;
  /** A client of this process alone. */
  admin: Redis;
}

/** A primary with two replicas and three sentinels, of a spec file's own, on loopback ports. */
export interface TestSentinel {
  /** In the order of the start: the first was the primary then. */
  servers: SentinelNode[];
  sentinels: SentinelNode[];
  /** Where all of its files are. */
  directory: string;
  /** What `REDIS_URL` is set to for it. */
  url: string;
  /** The server that the sentinels call the primary at this moment. */
  primary(): Promise<SentinelNode>;
  /** Another client of the primary, whoever that is; closed by `stop`. */
  client(options?: RedisOptions): Redis;
  /** Ends the processes and removes their files. */
  stop(): Promise<void>;
}

export interface TestSentinelOptions {
  /** Further arguments for every server. */
  args?: string[];
  /** What clients have to tell the sentinels. */
  sentinelPassword?: string;
  /** Servers and sentinels speak TLS only, and ask clients for a certificate. */
  tls?: TestCertificates;
}

/** Resolves when both replicas follow the primary and the sentinels know of them and of each other. */
export async function startSentinel(options: TestSentinelOptions = {}): Promise<TestSentinel> {
  const directory = await mkdtemp(join(tmpdir(), 'lk-sentinel-'));
  const ports = await freePorts(SERVERS + SENTINELS);
  const tls = options.tls?.read();
  const clients = new TestClients();
  const start = async (port: number, args: string[], admin: RedisOptions): Promise<SentinelNode> => {
    const server = await startRedisProcess([...args, ...listenOn(port, options.tls)]);
    return Object.assign(server, {
      port,
      admin: clients.open({ host: HOST, port, ...(tls && { tls }), ...admin }),
    });
  };

  const [first = 0] = ports;
  const servers = await Promise.all(
    ports.slice(0, SERVERS).map(async (port) => {
      const own = join(directory, String(port));
      await mkdir(own);
      return start(
        port,
        [
          ...[...memberArgs(own), ...(options.args ?? [])],
          ...(port === first ? [] : ['--replicaof', HOST, String(first)]),
        ],
        {},
      );
    }),
  );
  await Promise.all(
    servers
      .slice(1)
      .map(({ admin }) =>
        poll(async () => (await admin.info('replication')).includes('master_link_status:up')),
      ),
  );

  const { sentinelPassword } = options;
  const sentinels = await Promise.all(
    ports.slice(SERVERS).map(async (port) => {
      const file = join(directory, `${port}.conf`);
      await writeFile(file, configurationOf(first, sentinelPassword));
      const access = { username: undefined, password: sentinelPassword, enableReadyCheck: false };
      return start(port, [file, '--sentinel', '--dir', directory], access);
    }),
  );
  // They tell each other every two seconds, and ask every ten; tests do not wait for that.
  const often = ['INFO-PERIOD', 'PUBLISH-PERIOD', 'PING-PERIOD', 'ASK-PERIOD'].flatMap((name) => [
    name,
    '100',
  ]);
  for (const { admin } of sentinels) await admin.call('SENTINEL', 'DEBUG', ...often);
  await Promise.all(sentinels.map(({ admin }) => poll(() => knowsEverybody(admin))));

  const open = (clientOptions: RedisOptions): Redis =>
    clients.open({
      sentinels: sentinels.map(({ port }) => ({ host: HOST, port })),
      name: NAME,
      sentinelPassword,
      ...(tls && { tls, sentinelTLS: tls, enableTLSForSentinelMode: true }),
      ...clientOptions,
    });
  return {
    servers,
    sentinels,
    directory,
    url: `redis${options.tls ? 's' : ''}+sentinel://${sentinels.map(({ port }) => `${HOST}:${port}`).join(',')}/${NAME}`,
    async primary() {
      const [sentinel] = sentinels as [SentinelNode];
      const [, port] = (await sentinel.admin.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', NAME)) as [
        string,
        string,
      ];
      return servers.find((server) => server.port === Number(port)) as SentinelNode;
    },
    client: (clientOptions = {}) => open(clientOptions),
    async stop() {
      await clients.close();
      await Promise.all([...sentinels, ...servers].map((node) => node.kill()));
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function configurationOf(primaryPort: number, password: string | undefined): string {
  return [
    `sentinel monitor ${NAME} ${HOST} ${primaryPort} 2`,
    `sentinel auth-user ${NAME} ${TESTS.username}`,
    `sentinel auth-pass ${NAME} ${TESTS.password}`,
    `sentinel down-after-milliseconds ${NAME} 500`,
    `sentinel failover-timeout ${NAME} 4000`,
    ...(password === undefined ? [] : [`requirepass ${password}`, `sentinel sentinel-pass ${password}`]),
    '',
  ].join('\n');
}

async function knowsEverybody(sentinel: Redis): Promise<boolean> {
  const reply = (await sentinel.call('SENTINEL', 'MASTER', NAME)) as string[] | Record<string, string>;
  const fields = Array.isArray(reply)
    ? Object.fromEntries(reply.flatMap((name, i) => (i % 2 === 0 ? [[name, reply[i + 1]]] : [])))
    : reply;
  return (
    Number(fields['num-slaves']) === SERVERS - 1 &&
    Number(fields['num-other-sentinels']) === SENTINELS - 1 &&
    fields['flags'] === 'master'
  );
}
