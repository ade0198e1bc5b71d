import type { Cluster, Redis } from 'ioredis';
import { keySlot } from '../durability/key-slot.js';

/** Which server something lies on: `host:port` as the client's map of slots has it; '' when it is not a cluster. */
export type Place = string;

const WHOLE: Place = '';

/** Of a server. Whoever the sentinels name is one place. */
export function placeOfServer(client: Redis | Cluster, { options }: Redis): Place {
  return client.isCluster ? `${options.host}:${options.port}` : WHOLE;
}

/** Of a key, as far as the client knows; '' for what it does not. */
export function placeOfKey(client: Redis | Cluster, key: string): Place {
  return client.isCluster ? ((client as Cluster).slots[keySlot(key)]?.[0] ?? WHOLE) : WHOLE;
}
