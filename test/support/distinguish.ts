/**
 * How well one series of times can be told from another: the probability that one of the first is longer than one of
 * the second. 0.5 is not at all, 0 and 1 are always. It looks at ranks only, so a few slow answers on a busy machine
 * weigh no more than others (Vargha and Delaney's A, which is the Mann-Whitney U divided by the number of pairs).
 */
export function distinguishability(first: readonly number[], second: readonly number[]): number {
  let longer = 0;
  for (const a of first) for (const b of second) longer += a > b ? 1 : a === b ? 0.5 : 0;
  return longer / (first.length * second.length);
}

/** One kind of request whose time is taken. It is told its round, from 0 on. */
export type Try = (round: number) => Promise<unknown>;

/**
 * Takes the times of several kinds of requests, one of each in every round, in an order of chance: whatever else the
 * machine does hits all kinds alike.
 * @param before runs before every try and is not part of its time
 * @returns by kind, ms
 */
export async function timeInterleaved<Kind extends string>(
  tries: Record<Kind, Try>,
  rounds: number,
  before: () => Promise<unknown>,
): Promise<Record<Kind, number[]>> {
  const kinds = Object.keys(tries) as Kind[];
  const times = Object.fromEntries(kinds.map((kind) => [kind, [] as number[]])) as Record<Kind, number[]>;
  // The first answers of a program are slow, whatever they are about.
  for (let round = -5; round < rounds; round += 1) {
    for (const kind of shuffled(kinds)) {
      await before();
      const beganMs = performance.now();
      await tries[kind](round);
      if (round >= 0) times[kind].push(performance.now() - beganMs);
    }
  }
  return times;
}

function shuffled<T>(list: readonly T[]): T[] {
  return list
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
