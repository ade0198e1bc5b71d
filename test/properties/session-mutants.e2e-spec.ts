import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { startRedis, type TestRedis } from '../support/redis-server.js';
import { attempt } from './mutants/attempt.js';
import { MUTANTS, type Mutant } from './mutants/index.js';
import { MutatedSource } from './mutants/mutated-source.js';
import { MutantSeeds } from './mutants/mutant-seeds.js';
import { type Observer, observer } from './snapshot.js';
import { loadSubject, Nodes } from './subject.js';
import { GuaranteeBroken } from './world.js';

/** With the seeds that are noted, nearly all die in the first run; after a change of the steps, in a hundred. */
const MAX_RUNS = 500;
const LIMIT_MS = 60_000;

describe('the property test misses it', () => {
  let redis: TestRedis;
  let client: Observer;
  let source: MutatedSource;
  let original: Nodes;
  const seeds = new MutantSeeds();

  beforeAll(async () => {
    redis = await startRedis();
    client = observer(redis.client());
    source = await MutatedSource.prepare();
    original = await start(fileURLToPath(new URL('../../src', import.meta.url)), 'ts');
  });
  afterAll(async () => {
    seeds.write();
    await original.close();
    await source.remove();
    await redis.stop();
  });

  const start = async (root: string, extension: 'ts' | 'js'): Promise<Nodes> =>
    new Nodes(await loadSubject(root, extension), [redis.client(), redis.client()]);

  it.each(MUTANTS.map((mutant): [string, Mutant] => [mutant.name, mutant]))(
    'when %s',
    async (_, mutant) => {
      const mutated = await start(await source.make(mutant), 'js');
      const seed = await seeds.of(mutant, (limits) => attempt(mutated, client, mutant, limits));
      const { broken, numRuns } = await attempt(mutated, client, mutant, { seed, numRuns: MAX_RUNS });
      await mutated.close();
      expect(broken).toBeInstanceOf(GuaranteeBroken);
      // The very runs that showed it hold on the sources as they are.
      expect(await attempt(original, client, mutant, { seed, numRuns })).toEqual({ broken: null, numRuns });
    },
    LIMIT_MS,
  );

  it('but a list that rots is not missed', async () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
    const rotten = { name: 'it was rewritten', file: 'session-view.ts', find: 'no such text', replace: '' };
    await expect(source.make(rotten)).rejects.toThrow('The mutation does not apply');
  });
});
