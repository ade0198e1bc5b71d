import { foldPassword } from './fold-password.js';

/** Whose password it is to be: nobody's may be made of what everybody knows of him. */
export interface PasswordOwner {
  email: string;
  displayName: string | null;
}

const SHORTEST_WORD = 3;

/**
 * What everybody knows of somebody and of this service: the e-mail and the names as a whole, letters only, and each part
 * of them. Folded, the longest first.
 */
export function contextWordsOf(
  { email, displayName }: PasswordOwner,
  ofService: readonly string[],
): string[] {
  const texts = [email, displayName ?? '', ...ofService].map(foldPassword);
  const words = texts.flatMap((text) => [
    lettersOf(text),
    ...text.split(/[^\p{L}\p{N}]+/u).flatMap(withLetters),
  ]);
  const longEnough = words.filter((word) => word.length >= SHORTEST_WORD);
  // The longest first, or a part of a word would hide the whole.
  return [...new Set(longEnough)].sort((a, b) => b.length - a.length);
}

/**
 * Whether a password is nothing but these words, however often, with any digits and punctuation around. A sentence that
 * merely has one of them in it is something else.
 * @param folded as `foldPassword` returns it
 */
export function isMadeOf(words: readonly string[], folded: string): boolean {
  const letters = lettersOf(folded);
  return letters !== '' && words.reduce((rest, word) => rest.replaceAll(word, ''), letters) === '';
}

/** `ada99` is known as `ada`, too. */
function withLetters(word: string): string[] {
  return [word, lettersOf(word)];
}

function lettersOf(text: string): string {
  return text.replace(/[^\p{L}]/gu, '');
}
