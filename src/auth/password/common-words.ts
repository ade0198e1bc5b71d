import { createRequire } from 'node:module';

const PACKAGE = '@zxcvbn-ts/language-common';

/** No entry of the list is longer, but for a handful that are passwords of their own and no words. */
export const LONGEST_WORD = 16;

let words: ReadonlyMap<string, number> | undefined;

/**
 * Some 49 000 commonly used passwords and names, as the zxcvbn-ts project keeps them, each with the logarithm to base 2 of
 * its rank. Loaded at the first call, since it takes 5 MB: who has sessions only needs none of them.
 */
export function commonWords(): ReadonlyMap<string, number> {
  words ??= load();
  return words;
}

function load(): ReadonlyMap<string, number> {
  const { dictionary } = createRequire(import.meta.url)(
    PACKAGE,
  ) as typeof import('@zxcvbn-ts/language-common');
  const entries = dictionary['passwords-common'].filter((entry) => entry.length <= LONGEST_WORD);
  return new Map(entries.map((entry, rank) => [entry, Math.log2(rank + 2)]));
}
