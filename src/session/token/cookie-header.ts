/**
 * The values of all cookies of this name in a Cookie header, as they were sent.
 *
 * Only blanks and tabs are taken off: JavaScript's `trim` would also take a no-break space (byte A0) off a name, and a cookie
 * under such a name is one that a browser lets sibling domains set, whatever prefix comes behind it.
 * @see RFC 6265, section 4.2.1; RFC 6265bis, section 4.1.3
 */
export function cookiesNamed(header: string | undefined, name: string): string[] {
  if (header === undefined || !header.includes(name)) return [];
  return header.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals > 0 && withoutBlanks(pair.slice(0, equals)) === name
      ? [withoutBlanks(pair.slice(equals + 1))]
      : [];
  });
}

function withoutBlanks(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

const isBlank = (code: number) => code === 0x20 || code === 0x09;
