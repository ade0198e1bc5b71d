import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Balancer, startBalancer } from './balancer.js';
import { startPostgres, type TestPostgres } from './postgres.js';
import { type RunningProgram, startProgram } from './program.js';
import { poll } from './redis-process.js';
import { programMayOnly, startRedis, type TestRedis } from './redis-server.js';

/** An instance of the program as a process of its own. */
export interface ProgramNode {
  url: string;
  program: RunningProgram;
}

/** Several processes of the program on one Redis and one PostgreSQL, behind a load balancer. */
export interface ProgramNodes {
  redis: TestRedis;
  balancer: Balancer;
  /** Those that run. */
  readonly nodes: readonly ProgramNode[];
  /** Starts one more; resolves when the balancer sends requests there. */
  start(): Promise<ProgramNode>;
  /** Tells one to end and waits until it has. @returns its exit code */
  end(node: ProgramNode): Promise<number | null>;
  /** The token in the mail to this address, whichever node has written it. */
  mailedToken(email: string): Promise<string>;
  /** The password of admin@example.com. */
  adminPassword(): string;
  close(): Promise<void>;
}

/** @param settings the same for every node; each adds what a test cannot do without */
export async function startProgramNodes(
  count: number,
  settings: Record<string, string> = {},
): Promise<ProgramNodes> {
  const redis = await startRedis(programMayOnly());
  const postgres: TestPostgres = await startPostgres();
  const databaseUrl = await postgres.createDatabase();
  const balancer = await startBalancer();
  const nodes: ProgramNode[] = [];
  const started: RunningProgram[] = [];

  const start = async (): Promise<ProgramNode> => {
    const program = await startProgram({
      NODE_ENV: 'test',
      PORT: '0',
      ...redis.settings,
      DATABASE_URL: databaseUrl,
      PUBLIC_URL: balancer.url,
      TRUSTED_PROXIES: '127.0.0.1',
      ...settings,
    });
    started.push(program);
    const [, url = ''] = await program.line(/Latchkey\s+(http:\S+)/);
    const node = { url, program };
    nodes.push(node);
    balancer.add(url);
    await balancer.untilReady(url);
    return node;
  };
  // The first one makes the tables and the admin.
  await start();
  await Promise.all(Array.from({ length: count - 1 }, start));

  return {
    redis,
    balancer,
    nodes,
    start,
    async end(node) {
      nodes.splice(nodes.indexOf(node), 1);
      node.program.signal('SIGTERM');
      return (await node.program.ended).code;
    },
    async mailedToken(email) {
      await poll(() => Promise.resolve(tokenIn(started, email) !== undefined));
      return tokenIn(started, email) as string;
    },
    adminPassword() {
      const directory = (started[0] as RunningProgram).dataDir;
      const name = readdirSync(directory).find((file) => file.startsWith('admin-password')) ?? '';
      return readFileSync(join(directory, name), 'utf8').trim();
    },
    async close() {
      await balancer.close();
      await Promise.all(started.map((program) => program.dispose()));
      await postgres.stop();
      await redis.stop();
    },
  };
}

/** Undefined as long as there is no such mail. */
function tokenIn(programs: readonly RunningProgram[], email: string): string | undefined {
  return programs
    .flatMap(({ output }) =>
      output.flatMap((line) => /a mail was written to ([^"]+\.txt)/.exec(line)?.[1] ?? []),
    )
    .map((file) => readFileSync(file, 'utf8'))
    .filter((mail) => mail.includes(`To: ${email}\n`))
    .flatMap((mail) => /#token=(\S+)/.exec(mail)?.[1] ?? [])
    .at(-1);
}
