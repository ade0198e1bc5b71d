import { PasswordTooWeakError } from '../auth.errors.js';
import { isCommonPassword } from './common-passwords.js';
import { commonWords } from './common-words.js';
import { contextWordsOf, isMadeOf, type PasswordOwner } from './context-words.js';
import { foldPassword } from './fold-password.js';
import { guessBits } from './guess-estimate.js';
import {
  codePointsIn,
  isWellFormed,
  MAX_PASSWORD_CODE_POINTS,
  normalisePassword,
} from './normalise-password.js';

// What zxcvbn calls safely unguessable: a hundred million guesses, a million times what an account's throttle allows.
const FEWEST_BITS = Math.log2(1e8);

// Control characters cannot be typed into a form, and what is not assigned may get another normal form when it is (RFC
// 8264, section 9.10): one day it would lock its owner out.
const UNTYPEABLE = /[\p{Control}\p{Unassigned}]/u;

const REASONS = {
  untypeable: 'Use characters that can be typed: no control characters, no broken ones.',
  tooLong: `Use at most ${MAX_PASSWORD_CODE_POINTS} characters.`,
  context: 'Do not make a password of your e-mail, your name or the name of this service.',
  common: 'This is one of the most used passwords. Choose one of your own.',
  guessable: 'This is easy to guess: common words or names, repetitions or sequences. Add words of your own.',
};

/**
 * What a new password must be. Length counts, composition does not: there is no rule about digits or symbols, and every
 * character that can be typed is taken, the blank included. Says nothing about passwords that are set already, and is
 * never asked at login.
 * @see NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5.0, section 6.2; RFC 8265, section 4.2
 */
export class PasswordPolicy {
  /** @param options.contextWords names that no password may be made of, such as the service's */
  constructor(private readonly options: { minLength: number; contextWords: readonly string[] }) {
    // Now rather than while somebody waits for an answer.
    commonWords();
  }

  /**
   * @param path the field of the input that holds it, for the answer
   * @returns the password in the form that is hashed
   * @throws PasswordTooWeakError with the reason, which never quotes it
   */
  check(password: string, owner: PasswordOwner, path?: string): string {
    if (!isWellFormed(password)) throw new PasswordTooWeakError(REASONS.untypeable, path);
    const normalised = normalisePassword(password);
    if (normalised === null) throw new PasswordTooWeakError(REASONS.tooLong, path);
    const reason = this.reasonAgainst(normalised, owner);
    if (reason !== undefined) throw new PasswordTooWeakError(reason, path);
    return normalised;
  }

  private reasonAgainst(password: string, owner: PasswordOwner): string | undefined {
    const { minLength, contextWords } = this.options;
    if (codePointsIn(password) < minLength) return `Use at least ${minLength} characters.`;
    if (UNTYPEABLE.test(password)) return REASONS.untypeable;
    const folded = foldPassword(password);
    const words = contextWordsOf(owner, contextWords);
    if (isMadeOf(words, folded)) return REASONS.context;
    if (isCommonPassword(folded)) return REASONS.common;
    return guessBits(folded, new Set(words)) < FEWEST_BITS ? REASONS.guessable : undefined;
  }
}
