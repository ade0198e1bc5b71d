import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import pg from 'pg';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 3_000;

/** A PostgreSQL server of this test file's own: no network, a socket in a temporary directory. */
export interface TestPostgres {
  /** Makes an empty database. @returns its URL, as DATABASE_URL takes it */
  createDatabase(): Promise<string>;
  /** Runs a statement as the superuser, in the database `postgres`. */
  query(sql: string, parameters?: unknown[]): Promise<Record<string, unknown>[]>;
  /** Stops every connection to the databases made so far from answering, without closing it; new ones work. */
  freeze(): Promise<void>;
  thaw(): void;
  /** Ends the server and removes its files. */
  stop(): Promise<void>;
}

/**
 * Starts a server on a new cluster and waits until it lets a client in. Takes about a second.
 *
 * @throws when the programs are not found; they are looked for in LATCHKEY_TEST_PG_BIN, PATH and where Debian puts them
 */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = findPrograms();
  const owner = unprivilegedUser();
  const directory = mkdtempSync(join(tmpdir(), 'lk-pg-'));
  const cluster = join(directory, 'data');
  if (owner) chownSync(directory, owner.uid, owner.gid);
  await run(
    join(bin, 'initdb'),
    ['-D', cluster, '-U', 'latchkey', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N'],
    owner,
  );

  const settings = {
    listen_addresses: '',
    unix_socket_directories: directory,
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    max_connections: '50',
  };
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const server = spawn(join(bin, 'postgres'), ['-D', cluster, ...options], {
    ...owner,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const output: string[] = [];
  server.stderr.on('data', (chunk: Buffer) => output.push(chunk.toString()));
  const pid = server.pid;
  if (pid === undefined) throw new Error('postgres did not start');
  const watchdog = watch(pid, directory);
  const frozen = new Set<number>();
  const thaw = (): void => {
    for (const backend of frozen) signal(backend, 'SIGCONT');
    frozen.clear();
  };

  const urlOf = (database: string): string =>
    `postgres://latchkey@localhost/${database}?host=${encodeURIComponent(directory)}`;
  const query = async (sql: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: urlOf('postgres') });
    // A server that is told to stop says so to connections that are closing, too.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return (await client.query(sql, parameters)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  const stop = async (): Promise<void> => {
    // A process that is stopped does not hear that it shall end, and the server waits for it.
    thaw();
    await end(server);
    watchdog.kill();
    rmSync(directory, { recursive: true, force: true });
  };

  try {
    await untilReady(() => query('select 1'), server);
  } catch (error) {
    await stop();
    throw new Error(`PostgreSQL did not become ready:\n${output.join('')}`, { cause: error });
  }
  return {
    query,
    thaw,
    stop,
    async freeze() {
      const backends = await query(`select pid from pg_stat_activity where datname like 'test\\_%'`);
      for (const { pid: backend } of backends as { pid: number }[]) {
        frozen.add(backend);
        signal(backend, 'SIGSTOP');
      }
    },
    async createDatabase() {
      const name = `test_${randomBytes(6).toString('hex')}`;
      await query(`create database ${name}`);
      return urlOf(name);
    },
  };
}

function findPrograms(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const places = [
    process.env.LATCHKEY_TEST_PG_BIN ?? '',
    ...(process.env.PATH ?? '').split(delimiter),
    ...versions.map((version) => join(debian, version, 'bin')),
  ];
  const found = places.find(
    (place) => place && existsSync(join(place, 'initdb')) && existsSync(join(place, 'postgres')),
  );
  if (found) return found;
  throw new Error(
    'The tests need PostgreSQL: install it (apt-get install postgresql) or set LATCHKEY_TEST_PG_BIN.',
  );
}

/** PostgreSQL refuses to run as root. */
function unprivilegedUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const [, , uid, gid] = users.find((line) => line.startsWith(`${name}:`))?.split(':') ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new Error('PostgreSQL does not run as root, and there is neither a user postgres nor nobody.');
}

async function run(
  program: string,
  args: string[],
  owner: { uid: number; gid: number } | undefined,
): Promise<void> {
  const child = spawn(program, args, { ...owner, stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  );
  if (code !== 0) throw new Error(`${program} ended with ${code}:\n${output}`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Ends the server and removes its files when this process dies without doing so: its end of the pipe closes. */
function watch(pid: number, directory: string): ChildProcess {
  const script = 'read -r _; kill -INT "$1"; sleep 3; kill -KILL "$1"; rm -rf "$2"';
  return spawn('sh', ['-c', script, 'sh', String(pid), directory], { stdio: ['pipe', 'ignore', 'ignore'] });
}

async function untilReady(attempt: () => Promise<unknown>, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await attempt();
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function end(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGINT');
  const timer = setTimeout(() => server.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}
