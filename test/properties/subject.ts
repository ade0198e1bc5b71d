import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { Redis } from 'ioredis';
import type { RedisSessionStore, SessionService } from '../../src/session/index.js';
import type { RequestState } from '../../src/session/request/request-state.js';
import type { SessionState } from '../../src/session/store/session-state.js';
import type { ScriptClient } from '../../src/session/store/scripts.js';
import { ADMIN_ROLE, LIFETIMES, type Setting, TOUCH_INTERVAL_MS } from './policy.js';
import { PREFIX } from './snapshot.js';

/** The code under test: `src`, or a copy of it in which one thing is different. */
export interface Subject {
  modules: typeof import('../../src/session/index.js');
  beginRequest(this: void, req: object, transport: 'cookie' | 'bearer' | undefined): RequestState;
  requestStateOf(this: void, req: object): RequestState;
  stateOf(this: void, session: object | undefined): SessionState | undefined;
}

/** @param root the folder that has `session/` */
export async function loadSubject(root: string, extension = 'ts'): Promise<Subject> {
  const load = async (path: string): Promise<unknown> =>
    import(pathToFileURL(join(root, `session/${path}.${extension}`)).href);
  return {
    modules: (await load('index')) as Subject['modules'],
    ...((await load('request/request-state')) as Pick<Subject, 'beginRequest' | 'requestStateOf'>),
    ...((await load('store/session-state')) as Pick<Subject, 'stateOf'>),
  };
}

type Scripts = { -readonly [Name in keyof ScriptClient]: ScriptClient[Name] };

/** One process of a program with several: its own client, clock, queue and memory. */
export interface Node {
  client: Redis;
  service: SessionService;
  store: RedisSessionStore;
  /** Every command that its client has sent, with its keys. */
  sent: readonly string[];
}

export const SECRET = 'cookie-secret-of-the-property-specification';
export const INDEX_KEY = 'index-key-of-the-property-specification';

/** Two nodes of one program for every policy that a run may have; made when first asked for. */
export class Nodes {
  private readonly apps: INestApplicationContext[] = [];
  private readonly pairs = new Map<string, [Node, Node]>();
  private readonly sent: [string[], string[]];
  private setting: Setting | undefined;

  constructor(
    readonly subject: Subject,
    private readonly clients: [Redis, Redis],
  ) {
    this.sent = [recordSent(clients[0]), recordSent(clients[1])];
  }

  async with(setting: Setting): Promise<[Node, Node]> {
    this.setting = setting;
    for (const commands of this.sent) commands.length = 0;
    const name = `${setting.maxSessions} ${setting.limitPolicy}`;
    const known = this.pairs.get(name);
    if (known) return known;
    const pair: [Node, Node] = [await this.start(0, setting), await this.start(1, setting)];
    if (this.pairs.size === 0) for (const client of this.clients) this.letFail(client);
    this.pairs.set(name, pair);
    return pair;
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close();
  }

  private async start(number: 0 | 1, { maxSessions, limitPolicy }: Setting): Promise<Node> {
    const client = this.clients[number];
    const { SessionModule, SessionService, SESSION_STORE } = this.subject.modules;
    const module = SessionModule.forRoot({
      client,
      prefix: PREFIX,
      secrets: [SECRET],
      indexKeys: [INDEX_KEY],
      cookie: { name: 'sid', secure: false },
      lifetimes: LIFETIMES,
      touchIntervalMs: TOUCH_INTERVAL_MS,
      adminRole: ADMIN_ROLE,
      carryOver: ['cart'],
      maxSessions,
      limitPolicy,
    });
    const app = await NestFactory.createApplicationContext(module, { logger: false });
    this.apps.push(app);
    const store = app.get<RedisSessionStore>(SESSION_STORE);
    return { client, service: app.get(SessionService), store, sent: this.sent[number] };
  }

  /** Makes a revoke-all leave over what the setting says, as it does for a user with hundreds of sessions. */
  private letFail(client: Redis): void {
    const scripts = client as Redis & Pick<Scripts, 'lkRevokeAll' | 'lkSweep'>;
    const revokeAll = scripts.lkRevokeAll.bind(client);
    const sweep = scripts.lkSweep.bind(client);
    const INLINE_DELETES = 5;
    scripts.lkRevokeAll = (...args) =>
      revokeAll(...args.with(INLINE_DELETES, this.setting?.inlineDeletes ?? 200));
    scripts.lkSweep = (...args) =>
      this.setting?.sweeps === false ? Promise.reject(new Error('This node is gone.')) : sweep(...args);
  }
}

function recordSent(client: Redis): string[] {
  const sent: string[] = [];
  const send = client.sendCommand.bind(client);
  client.sendCommand = (command, ...rest) => {
    sent.push([command.name, ...command.getKeys()].join(' '));
    return send(command, ...rest);
  };
  return sent;
}
