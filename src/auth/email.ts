/**
 * The form in which an e-mail is stored, looked up and counted: trimmed, NFC, lower case. Two spellings of one address
 * meet in one account; the local part is folded too, because people type it in any case (docs/http-api.md).
 */
export function normaliseEmail(email: string): string {
  return email.trim().normalize('NFC').toLowerCase();
}
