// Jest's globalTeardown: ends what start-sets.mjs has started.
export default async function stopSets() {
  await globalThis.stopRedisSets?.();
}
