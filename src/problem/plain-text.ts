// What makes a terminal, an editor or a line reader do something with text other than show it: control characters of
// C0 and C1 (escape sequences may begin with either), line and paragraph separator, and marks that turn the direction
// of what follows (https://trojansource.codes).
const ACTIVE = '\\p{Cc}\\p{Zl}\\p{Zp}\\p{Bidi_Control}';
const NOT_PLAIN = new RegExp(`[${ACTIVE}\\p{Surrogate}]`, 'gu');
const ACTIVE_BUT_LINE_BREAK = new RegExp(`(?!\\n)[${ACTIVE}]`, 'gu');

/**
 * Text of a client as it may be stored, listed and logged: at most `maxLength` UTF-16 units, with U+FFFD in place of
 * what is not for reading. HTTP lets bytes from 0x80 on through in a header, and among them is a C1 escape sequence.
 * @see OWASP ASVS 5.0, 16.4.1
 */
export function plainText(text: string, maxLength: number): string {
  return text.slice(0, maxLength).replace(NOT_PLAIN, '\uFFFD');
}

/**
 * Lines of text for a log or a terminal: everything that is not for reading, but for line feeds, as `\uXXXX`. JSON means
 * the same afterwards: outside of its strings there is nothing to escape.
 */
export function escapeControls(lines: string): string {
  return lines.replace(
    ACTIVE_BUT_LINE_BREAK,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
