/** NIST SP 800-63B-4 asks for at least 64; more than this nobody types, and it bounds the work on it. */
export const MAX_PASSWORD_CODE_POINTS = 256;

// Of the 1024 UTF-16 units, or bytes of UTF-8, that so many code points have at most, NFC makes none out of more than
// four: what is longer than this cannot become short enough, and is not even normalised.
const MAX_RAW_UNITS = 4 * 4 * MAX_PASSWORD_CODE_POINTS;

const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether a text is well-formed Unicode; half of a pair of surrogates cannot be encoded in UTF-8. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/**
 * The form in which a password is hashed: NFC, so that one password typed on two keyboards is one password; otherwise
 * exactly what was typed. Null when it is not well-formed Unicode or longer than any password that can be set: there is
 * no hash that it could match, and none is made of it.
 * @see NIST SP 800-63B-4, section 3.1.1.2, on normalisation
 */
export function normalisePassword(password: string): string | null {
  if (password.length > MAX_RAW_UNITS || !isWellFormed(password)) return null;
  const normalised = password.normalize('NFC');
  return codePointsIn(normalised) <= MAX_PASSWORD_CODE_POINTS ? normalised : null;
}

/** Length as NIST counts it: an emoji is one character, not two. */
export function codePointsIn(text: string): number {
  return [...text].length;
}
