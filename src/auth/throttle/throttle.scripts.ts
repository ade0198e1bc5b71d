import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';
import { Breaker } from '../../session/index.js';

// Read at import, by name: a script that is missing from the package fails at start, not at the first login.
const lua = (name: string) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

const SCRIPTS = {
  lkBeginAttempt: { numberOfKeys: 5, lua: lua('begin-attempt') },
  lkFailAttempt: { numberOfKeys: 2, lua: lua('fail-attempt') },
  lkSucceedAttempt: { numberOfKeys: 2, lua: lua('succeed-attempt') },
  lkForgetDevices: { numberOfKeys: 1, lua: lua('forget-devices') },
  lkCountInWindow: { numberOfKeys: 1, lua: lua('count-in-window') },
  lkCountVisitor: { numberOfKeys: 2, lua: lua('count-visitor') },
  lkReadWindow: { numberOfKeys: 1, lua: lua('read-window') },
} as const;

type ScriptCommands = { [name in keyof typeof SCRIPTS]: (...args: (string | number)[]) => Promise<unknown> };

/** A client that knows the throttle's scripts; each takes its keys, then its arguments, as the script's header says. */
export type ThrottleClient = (Redis | Cluster) & ScriptCommands;

const prepared = new WeakSet<object>();

/** A client that knows the throttle's scripts, and whether Redis answers. */
export class ThrottleRedis {
  private readonly scripts: ThrottleClient;
  private readonly breaker: Breaker;

  constructor(client: Redis | Cluster) {
    if (!prepared.has(client)) {
      for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script);
      prepared.add(client);
    }
    this.scripts = client as ThrottleClient;
    this.breaker = Breaker.of(client);
  }

  /** For commands. @throws SessionStoreUnavailableError at once, while Redis is known not to answer */
  get client(): ThrottleClient {
    this.breaker.admit();
    return this.scripts;
  }

  /** The integers that a script returns. @throws SessionStoreUnavailableError when Redis does not answer or refuses */
  async integers<const Names extends readonly string[]>(
    reply: Promise<unknown>,
    ...names: Names
  ): Promise<Record<Names[number], number>> {
    const values = (await this.answered(reply)) as number[];
    return Object.fromEntries(names.map((name, i) => [name, Number(values[i])])) as Record<
      Names[number],
      number
    >;
  }

  /** Waits for a reply. Unknown is not «none»: an outage lets nobody in. @throws SessionStoreUnavailableError */
  async answered<T>(reply: Promise<T>): Promise<T> {
    return this.breaker.answered(reply);
  }
}
