import { readFileSync } from 'node:fs';
import type { Cluster, Redis } from 'ioredis';
import { decodeRecord, type RecordHeader } from '../../src/session/store/session-record.js';

const lua = (name: string) => readFileSync(new URL(`./lua/${name}.lua`, import.meta.url), 'utf8');

export const PREFIX = 'lk:';

export interface StoredRecord {
  tag: string;
  digest: string;
  /** Expiry of the key, ms; -1 when it has none. */
  expiresMs: number;
  /** Undefined when a login has taken the record over. */
  header: RecordHeader | undefined;
}

export interface StoredIndex {
  expiresMs: number;
  /** Score by member. */
  members: Map<string, number>;
}

/** All that lies in Redis at one instant of its clock; times in ms of that clock. */
export interface Snapshot {
  nowMs: number;
  /** By digest. */
  records: Map<string, StoredRecord>;
  /** By tag. */
  indexes: Map<string, StoredIndex>;
  generations: Map<string, { value: number; expiresMs: number }>;
  /** Every key with its expiry. */
  keys: Map<string, number>;
  /** Every name and value as text. */
  text: string;
}

/** A client that can look at everything and let time pass. */
export type Observer = Redis & {
  snapshot(prefix: string): Promise<unknown>;
  travel(prefix: string, passedMs: number): Promise<unknown>;
};

export function observer(client: Redis): Observer {
  const scripts = { snapshot: lua('snapshot'), travel: lua('travel') };
  const onEveryServer = async (script: string, ...args: (string | number)[]): Promise<unknown[]> => {
    const servers = client.isCluster ? (client as unknown as Cluster).nodes('master') : [client];
    return Promise.all(servers.map((server) => server.eval(script, 0, ...args)));
  };
  return Object.assign(client, {
    async snapshot(prefix: string) {
      const parts = (await onEveryServer(scripts.snapshot, prefix)) as [number, unknown[]][];
      return [Math.min(...parts.map(([nowMs]) => nowMs)), parts.flatMap(([, found]) => found)];
    },
    travel: (prefix: string, passedMs: number) => onEveryServer(scripts.travel, prefix, passedMs),
  });
}

/** Reads everything in one script per server, so that what is compared belongs together. */
export async function takeSnapshot(redis: Observer): Promise<Snapshot> {
  const [nowMs, found] = (await redis.snapshot(PREFIX)) as [number, (string | number | string[])[]];
  const snapshot: Snapshot = {
    nowMs,
    records: new Map(),
    indexes: new Map(),
    generations: new Map(),
    keys: new Map(),
    text: found.flat().join('\n'),
  };
  for (let i = 0; i < found.length; i += 3) {
    sort(snapshot, found[i] as string, Number(found[i + 1]), found[i + 2] as string | string[]);
  }
  return snapshot;
}

function sort(snapshot: Snapshot, key: string, expiresMs: number, value: string | string[]): void {
  snapshot.keys.set(key, expiresMs);
  const [, kind, tag = '', rest] = /^lk:(\w*):?\{([^}]+)\}(?::(.*))?$/.exec(key) ?? [];
  if (kind === 'sess') {
    const digest = rest ?? '';
    const decoded = decodeRecord(value as string);
    if (decoded === 'corrupt' || decoded === 'other-version') throw new Error(`${key} is no session record`);
    const header = decoded === 'moved' ? undefined : decoded.header;
    snapshot.records.set(digest, { tag, digest, expiresMs, header });
  } else if (kind === 'gen') {
    snapshot.generations.set(tag, { value: Number(value), expiresMs });
  } else if (kind === 'idx') {
    const members = new Map<string, number>();
    for (let i = 0; i < value.length; i += 2) members.set(value[i] as string, Number(value[i + 1]));
    snapshot.indexes.set(tag, { expiresMs, members });
  }
}
