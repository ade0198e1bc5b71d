/** NIST SP 800-63B-4 asks for at least 64; more than this nobody types, and it bounds the work on it. */
export const MAX_PASSWORD_CODE_POINTS = 256;

/** The most a password may measure in UTF-8: 256 code points of the longest kind. */
export const MAX_PASSWORD_BYTES = 1024;

const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The form in which a password is hashed: NFC, so that one password typed on two keyboards is one password. Null when
 * it is not well-formed Unicode or longer than any password that can be set: there is no hash that it could match.
 * @see NIST SP 800-63B-4, section 3.1.1.2, on normalisation
 */
export function normalisePassword(password: string): string | null {
  if (LONE_SURROGATE.test(password)) return null;
  const normalised = password.normalize('NFC');
  return Buffer.byteLength(normalised) <= MAX_PASSWORD_BYTES ? normalised : null;
}
