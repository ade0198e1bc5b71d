import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';

const lua = (name: string) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

const SCRIPTS = {
  lkExamineSession: { numberOfKeys: 3, lua: lua('examine-session') },
  lkDiscardSession: { numberOfKeys: 2, lua: lua('discard-session') },
  lkMendSession: { numberOfKeys: 3, lua: lua('mend-session') },
  lkCheckMembers: { numberOfKeys: 1, lua: lua('check-members') },
} as const;

export type DoctorClient = (Redis | Cluster) & {
  [name in keyof typeof SCRIPTS]: (...args: (string | number)[]) => Promise<unknown>;
};

/** Teaches a client the doctor's scripts. They are apart from the store's: no request needs them. */
export function withDoctorScripts(client: Redis | Cluster): DoctorClient {
  if (!('lkExamineSession' in client)) {
    for (const [name, script] of Object.entries(SCRIPTS)) client.defineCommand(name, script);
  }
  return client as DoctorClient;
}
