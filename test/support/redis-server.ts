import { readFileSync } from 'node:fs';

import { type RedisServer, startRedisServer } from '../../src/testing/redis-server.js';
import { startRedisOnSet } from './redis-on-set.js';
import { TESTS, TESTS_USER } from './redis-process.js';
import { OVER_TLS, TOPOLOGY } from './topology.js';

/**
 * A Redis of a spec file's own: a redis-server on a unix socket, or, under {@link TOPOLOGY}, several servers that are
 * used as one: a client is one of all of them, and kill, restart, freeze and thaw concern all of them.
 */
export interface TestRedis extends RedisServer {
  /** All that the program has to be told to use it: `REDIS_URL`, and certificates. */
  settings: Record<string, string>;
}

/**
 * Arguments for a server on which the program may do what docs/session-format.md says it needs, and nothing else; with
 * what it says of `cluster` too.
 */
export function programMayOnly(...more: 'cluster'[]): string[] {
  if (TOPOLOGY === 'cluster' && more.length === 0) return programMayOnly('cluster');
  const page = readFileSync(new URL('../../docs/session-format.md', import.meta.url), 'utf8');
  const rules = ['acl', ...more.map((one) => `acl-${one}`)].map((name) => {
    const rule = new RegExp('```' + name + '\\n(.+)\\n```').exec(page)?.[1];
    if (rule === undefined) throw new Error(`docs/session-format.md has no access rule ${name}.`);
    return rule.split(' ');
  });
  return ['--user', 'default', 'on', 'nopass', ...rules.flat()];
}

/**
 * Starts a redis-server, or what `LATCHKEY_TEST_REDIS` names. Resolves when it answers.
 *
 * @param args further arguments of every server, such as `['--requirepass', 'x']`
 * @param options.mayBreak whether it will be killed or frozen
 */
export async function startRedis(args: string[] = [], { mayBreak = false } = {}): Promise<TestRedis> {
  return TOPOLOGY === 'single'
    ? startSingleRedis(args)
    : startRedisOnSet(TOPOLOGY, args, { mayBreak, tls: OVER_TLS });
}

/** Starts a redis-server whatever the others run on. */
export async function startSingleRedis(args: string[] = []): Promise<TestRedis> {
  const server = await startRedisServer({ args: [...TESTS_USER, ...args], clientOptions: TESTS });
  return Object.assign(server, { settings: { REDIS_URL: server.url } });
}
