import { commonWords, LONGEST_WORD } from './common-words.js';
import { codePointPlaces, keyPlaces } from './character-places.js';
import { MAX_PASSWORD_CODE_POINTS } from './normalise-password.js';

/** Logarithm to base 2 of how many guesses a piece of a password costs somebody who knows what people do. */
type Bits = number;

/** Tells where pieces that begin at a place may end, and what each costs. */
type Finder = (start: number, offer: (end: number, bits: Bits) => void) => void;

const SHORTEST_PIECE = 3;
const KNOWN_WORD_BITS = 2;
const YEAR_BITS = 7;
const UNMASKING_BITS = 1;
// A pattern starts at one of about 32 keys; each step that is not a repetition goes to one of about 8 neighbours.
const START_BITS = 5;
const STEP_BITS = 3;
const LONGEST_PERIOD = 4;
// Punctuation and blanks are mostly one sign again and again, at the end or between words.
const PUNCTUATION_BITS = 3.5;
const OTHER_BITS = 6;

/** What people write for a letter so that a word does not look like one. */
const MASKS = new Map(
  Object.entries({ '@': 'a', 4: 'a', 8: 'b', 3: 'e', 1: 'i', '!': 'i', 0: 'o', 5: 's', $: 's', 7: 't' }),
);

/**
 * About how many guesses a whole password is worth to somebody who tries commonly used passwords and names, words that he
 * knows of its owner, repetitions, sequences, patterns on the keyboard and years, in every order, before everything else:
 * the cheapest way to put it together from such pieces and single characters. A sentence that merely has common words in
 * it is worth a lot; one common word twice is worth next to nothing. The time is at worst quadratic in the length: about
 * a millisecond for 256 code points.
 *
 * The idea is zxcvbn's, whose own implementation takes up to a second for that: too much to ask of a server.
 *
 * @param folded as `foldPassword` returns it
 * @param words what is known of the owner and of this service, folded; longer ones than `LONGEST_WORD` do not count
 * @see Wheeler, «zxcvbn: Low-Budget Password Strength Estimation», USENIX Security 2016
 */
export function guessBits(folded: string, words: ReadonlySet<string> = new Set()): Bits {
  // Compatibility forms make up to 18 characters of one, and the work is quadratic. A part is no harder to guess.
  const characters = [...folded].slice(0, MAX_PASSWORD_CODE_POINTS);
  const finders = [
    characterFinder(characters),
    yearFinder(characters),
    wordFinder(characters, words),
    repetitionFinder(characters),
    patternFinder(codePointPlaces(characters)),
    patternFinder(keyPlaces(characters)),
  ];
  // cheapest[n]: what the first n characters cost.
  const cheapest = new Float64Array(characters.length + 1).fill(Infinity);
  cheapest[0] = 0;
  for (let start = 0; start < characters.length; start += 1) {
    const before = cheapest[start] as number;
    const offer = (end: number, bits: Bits): void => {
      cheapest[end] = Math.min(cheapest[end] as number, before + bits);
    };
    for (const find of finders) find(start, offer);
  }
  return cheapest[characters.length] as number;
}

function characterFinder(characters: readonly string[]): Finder {
  const bits = characters.map(bitsOfCharacter);
  return (start, offer) => offer(start + 1, bits[start] as number);
}

function bitsOfCharacter(character: string): Bits {
  if (character >= '0' && character <= '9') return Math.log2(10);
  if (character >= 'a' && character <= 'z') return Math.log2(26);
  return character < '\u0080' ? PUNCTUATION_BITS : OTHER_BITS;
}

function yearFinder(characters: readonly string[]): Finder {
  return (start, offer) => {
    const four = characters.slice(start, start + 4).join('');
    if (/^(?:19|20)\d\d$/.test(four)) offer(start + 4, YEAR_BITS);
  };
}

function wordFinder(characters: readonly string[], words: ReadonlySet<string>): Finder {
  const common = commonWords();
  const bitsOf = (text: string): Bits => (words.has(text) ? KNOWN_WORD_BITS : (common.get(text) ?? Infinity));
  const unmasked = characters.map((character) => MASKS.get(character) ?? character);
  return (start, offer) => {
    let [plain, clear] = ['', ''];
    for (let end = start; end < Math.min(start + LONGEST_WORD, characters.length); end += 1) {
      plain += characters[end];
      clear += unmasked[end];
      if (end - start + 1 < SHORTEST_PIECE) continue;
      offer(end + 1, bitsOf(plain));
      if (clear !== plain) offer(end + 1, bitsOf(clear) + UNMASKING_BITS);
    }
  };
}

/** The longest piece that has come before, at whatever distance; it may run into itself, as in `abcabcabc`. */
function repetitionFinder(characters: readonly string[]): Finder {
  const { length } = characters;
  const longest = new Uint16Array(length);
  // How far the text from one place goes on like the text from an earlier one; filled from the end, row by row.
  let below = new Uint16Array(length + 1);
  for (let start = length - 1; start > 0; start -= 1) {
    const row = new Uint16Array(length + 1);
    for (let earlier = 0; earlier < start; earlier += 1) {
      if (characters[earlier] === characters[start]) row[earlier] = (below[earlier + 1] as number) + 1;
      longest[start] = Math.max(longest[start] as number, row[earlier] as number);
    }
    below = row;
  }
  return (start, offer) => {
    const same = longest[start] as number;
    if (same >= SHORTEST_PIECE) offer(start + same, 1 + Math.log2(start + 1));
  };
}

/** Pieces whose steps from place to place repeat: `aaaa`, `abcdef`, `qwerty`, `q1w2e3`, `1qaz2wsx`, `112233`. */
function patternFinder(places: Float64Array): Finder {
  const { length } = places;
  // NaN, for what has no place, equals nothing and so ends every pattern.
  const steps = places.map((place, i) => place - (places[i - 1] ?? NaN));
  return (start, offer) => {
    for (let period = 1; period <= LONGEST_PERIOD; period += 1) {
      const first = start + period + 1;
      let end = first;
      while (end < length && steps[end] === steps[end - period]) end += 1;
      if (end > first) offer(end, START_BITS + STEP_BITS * period + Math.log2(end - start));
    }
  };
}
