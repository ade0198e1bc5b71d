/**
 * The form in which passwords are compared with what is commonly used: compatibility forms and case folded, blanks at
 * the ends gone, so that `ＰＡＳＳＷＯＲＤ ` is one of `password`'s spellings. Never what is hashed.
 */
export function foldPassword(password: string): string {
  return password.normalize('NFKC').toLowerCase().trim();
}
