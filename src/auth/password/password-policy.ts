import { PasswordTooWeakError } from '../auth.errors.js';
import { MAX_PASSWORD_CODE_POINTS, normalisePassword } from './normalise-password.js';

/** Whose password it is to be: nobody's may be made of what everybody knows of him. */
export interface PasswordOwner {
  email: string;
  displayName: string | null;
}

/** What is wrong with a password, as a sentence for the person who chose it, or undefined. Never quotes it. */
type PasswordRule = (password: string, owner: PasswordOwner) => string | undefined;

/**
 * What a new password must be. Length counts, composition does not: there is no rule about digits or symbols. Says
 * nothing about passwords that are set already, and is never asked at login.
 * @see NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5.0, section 6.2
 */
export class PasswordPolicy {
  private readonly rules: readonly PasswordRule[];

  constructor(options: { minLength: number; contextWords: readonly string[] }) {
    this.rules = [lengthRule(options.minLength), contextRule(options.contextWords)];
  }

  /**
   * @param path the field of the input that holds it, for the answer
   * @returns the password in the form that is hashed
   * @throws PasswordTooWeakError with the reason
   */
  check(password: string, owner: PasswordOwner, path?: string): string {
    const normalised = normalisePassword(password);
    if (normalised === null) {
      throw new PasswordTooWeakError(
        `Use at most ${MAX_PASSWORD_CODE_POINTS} characters of well-formed text.`,
        path,
      );
    }
    for (const rule of this.rules) {
      const complaint = rule(normalised, owner);
      if (complaint !== undefined) throw new PasswordTooWeakError(complaint, path);
    }
    return normalised;
  }
}

function lengthRule(minLength: number): PasswordRule {
  return (password) => {
    // Code points, as NIST counts: an emoji is one character, not two.
    const { length } = [...password];
    if (length < minLength) return `Use at least ${minLength} characters.`;
    if (length > MAX_PASSWORD_CODE_POINTS) return `Use at most ${MAX_PASSWORD_CODE_POINTS} characters.`;
    return undefined;
  };
}

/**
 * Refuses a password that is nothing but the e-mail, the name or the product, however often, in any case, with any
 * digits and punctuation around. A sentence that merely has one of them in it passes.
 */
function contextRule(contextWords: readonly string[]): PasswordRule {
  return (password, { email, displayName }) => {
    const words = [
      email,
      ...email.split('@'),
      ...contextWords,
      displayName ?? '',
      ...(displayName ?? '').split(/\s+/),
    ]
      .map(lettersOf)
      .filter((word) => word.length > 2)
      // The longest first, or a part of a word would hide the whole.
      .sort((a, b) => b.length - a.length);
    const letters = lettersOf(password);
    const rest = words.reduce((text, word) => text.replaceAll(word, ''), letters);
    const made = letters.length > 0 && rest.length === 0;
    return made ? 'Do not make a password of your e-mail, your name or the name of this service.' : undefined;
  };
}

function lettersOf(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[^\p{L}]/gu, '');
}
