import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';
import { catchAsking, retryWhileMoving } from './moving-slots.js';
import { shareWrites } from './one-write.js';

// Read at import, by name: a script that is missing from the package fails at start, not at the first login.
const read = (name: string) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

// What scripts share, such as how to read headers: a line `--- @include header` stands for that file.
const INCLUDED = { header: read('header'), ended: read('ended') };
const lua = (name: string) =>
  read(name).replace(/^--- @include (header|ended)\n/gm, (_, file: keyof typeof INCLUDED) => INCLUDED[file]);

const SCRIPTS = {
  lkCreate: { numberOfKeys: 3, lua: lua('create-session') },
  lkCreateAnonymous: { numberOfKeys: 1, lua: lua('create-anonymous-session') },
  lkSave: { numberOfKeys: 3, lua: lua('save-session') },
  lkTouch: { numberOfKeys: 3, lua: lua('touch-session') },
  lkDestroy: { numberOfKeys: 3, lua: lua('destroy-session') },
  lkRotate: { numberOfKeys: 4, lua: lua('rotate-session') },
  lkRevokeAll: { numberOfKeys: 2, lua: lua('revoke-all-sessions') },
  lkSweep: { numberOfKeys: 1, lua: lua('sweep-sessions') },
  lkList: { numberOfKeys: 2, lua: lua('list-sessions') },
  lkTakeAnonymous: { numberOfKeys: 1, lua: lua('take-anonymous-session') },
  lkReturnAnonymous: { numberOfKeys: 1, lua: lua('return-anonymous-session') },
  lkSetPrincipal: { numberOfKeys: 1, lua: lua('set-principal') },
  lkEndUserSessions: { numberOfKeys: 2, lua: lua('end-user-sessions') },
  lkBeginRevokeEveryone: { numberOfKeys: 4, lua: lua('begin-revoke-everyone') },
  lkNoteRevokeEveryone: { numberOfKeys: 3, lua: lua('note-revoke-everyone') },
  lkFollowRevokeEveryone: { numberOfKeys: 1, lua: lua('follow-revoke-everyone') },
  lkQuarantine: { numberOfKeys: 4, lua: lua('quarantine-session') },
  lkReplayRevokeAll: { numberOfKeys: 1, lua: lua('replay-revoke-all') },
  lkReplayRevokeEveryone: { numberOfKeys: 1, lua: lua('replay-revoke-everyone') },
  lkGuardRing: { numberOfKeys: 1, lua: lua('guard-ring') },
} as const;

type Argument = string | number;

export type ScriptName = keyof typeof SCRIPTS;

/** The text of a script, for `EVAL`: where it must not matter whether a server knows it already. */
export const scriptText = (name: ScriptName): string => SCRIPTS[name].lua;

/** The scripts as methods of the client; each takes its keys, then its arguments, as the script's header says. */
type ScriptCommands = { [name in ScriptName]: (...args: Argument[]) => Promise<unknown> };

export type ScriptClient = (Redis | Cluster) & ScriptCommands;

const prepared = new WeakSet<object>();

/**
 * Teaches a client the module's scripts, to be sent again while their slot moves, and to send what meets in one turn of the
 * event loop in one write. ioredis sends scripts by SHA-1 and loads them where they are missing.
 */
export function withScripts(client: Redis | Cluster): ScriptClient {
  if (!prepared.has(client)) {
    for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script);
    if (client.isCluster) {
      retryScripts(client as ScriptClient);
      catchAsking(client as Cluster);
    }
    shareWrites(client);
    prepared.add(client);
  }
  return client as ScriptClient;
}

type Script = (this: unknown, ...args: Argument[]) => Promise<unknown>;

function retryScripts(client: ScriptClient): void {
  const scripts = client as unknown as Record<string, Script>;
  for (const name of Object.keys(SCRIPTS)) {
    const send = scripts[name] as Script;
    // ioredis puts the same functions into pipelines, where they have to do as they did.
    scripts[name] = function (...args) {
      return this === client ? retryWhileMoving(() => send.apply(client, args)) : send.apply(this, args);
    };
  }
}
