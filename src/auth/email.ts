// NFC makes one character out of at most four, so what is left of a longer text has more than the 254 of an account's. It
// takes quadratic time for hostile texts.
const MAX_RAW_UNITS = 1_100;

/**
 * The form in which an e-mail is stored, looked up and counted: trimmed, NFC, lower case. Two spellings of one address
 * meet in one account; the local part is folded too, because people type it in any case (docs/http-api.md).
 *
 * Of an e-mail that is too long for any account only the beginning, which is too long as well, is returned.
 */
export function normaliseEmail(email: string): string {
  return email.trim().slice(0, MAX_RAW_UNITS).normalize('NFC').toLowerCase();
}
