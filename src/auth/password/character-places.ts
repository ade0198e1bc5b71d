/** The keys of the American keyboard, row by row from the top, plain and with shift. */
const ROWS = [
  ['`1234567890-=', '~!@#$%^&*()_+'],
  [' qwertyuiop[]\\', ' QWERTYUIOP{}|'],
  [" asdfghjkl;'", ' ASDFGHJKL:"'],
  [' zxcvbnm,./', ' ZXCVBNM<>?'],
];

// Wider than any row, so that a step between two keys is one number, the same wherever it is made.
const ROW_WIDTH = 32;

const KEYS = new Map(
  ROWS.flatMap((layers, row) =>
    layers.flatMap((layer) =>
      [...layer].map((key, column): [string, number] => [key, row * ROW_WIDTH + column]),
    ),
  ).filter(([key]) => key !== ' '),
);

/** Where each character is typed; NaN for what is on no key. */
export function keyPlaces(characters: readonly string[]): Float64Array {
  return Float64Array.from(characters, (character) => KEYS.get(character) ?? NaN);
}

/** Where each character stands in Unicode, and so in its alphabet. */
export function codePointPlaces(characters: readonly string[]): Float64Array {
  return Float64Array.from(characters, (character) => character.codePointAt(0) ?? NaN);
}
