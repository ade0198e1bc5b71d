import type { Redis } from 'ioredis';

import { type ClusterNode, migrateKeys, type TestCluster } from '../redis-cluster.js';

// Slots without keys that are open at the same time.
const BATCH = 256;
const SLOTS = 16_384;

/** The slots that a server of a cluster has. */
export async function slotsOf(cluster: TestCluster, { id }: ClusterNode): Promise<number[]> {
  const ranges = await cluster.primaries[1].admin.cluster('SLOTS');
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
  const own = ranges.filter(([, , primary]) => primary?.[2] === id);
  return slots.filter((slot) => own.some(([first, last]) => first <= slot && slot <= last));
}

/**
 * Moves slots from one server to another, keys and all, in the order that Redis asks for: those with keys one at a time,
 * as a reshard by hand does, and the empty ones many at a time.
 * @param others the servers that have slots besides these two
 */
export async function moveSlots(
  slots: number[],
  from: ClusterNode,
  to: ClusterNode,
  others: ClusterNode[],
): Promise<void> {
  const full = await filled(from.admin, slots);
  const empty = slots.filter((slot) => !full.includes(slot));
  const batches = full.map((slot) => [slot]);
  for (let i = 0; i < empty.length; i += BATCH) batches.push(empty.slice(i, i + BATCH));
  for (const batch of batches) {
    await setSlots(to.admin, batch, 'IMPORTING', from.id);
    await setSlots(from.admin, batch, 'MIGRATING', to.id);
    // From now on new keys are made there; in the meantime some may have come here.
    for (const slot of await filled(from.admin, batch)) await migrateKeys(from.admin, slot, to.port);
    for (const { admin } of [to, from, ...others]) await setSlots(admin, batch, 'NODE', to.id);
  }
}

/** Which of the slots have keys. */
async function filled(admin: Redis, slots: number[]): Promise<number[]> {
  const pipeline = admin.pipeline();
  for (const slot of slots) pipeline.cluster('COUNTKEYSINSLOT', slot);
  const counts = (await pipeline.exec()) ?? [];
  return slots.filter((_, i) => Number(counts[i]?.[1]) > 0);
}

async function setSlots(admin: Redis, slots: number[], state: string, id: string): Promise<void> {
  const pipeline = admin.pipeline();
  for (const slot of slots) pipeline.call('CLUSTER', 'SETSLOT', String(slot), state, id);
  for (const [error] of (await pipeline.exec()) ?? []) {
    // Who has heard by itself that it has no slot left is a replica by now.
    if (error && !error.message.includes('only with masters')) throw error;
  }
}
