import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

// Sorted; scripts/common-passwords.mjs makes the file and says from what. Read at import: without it nothing starts.
const DIGESTS = readFileSync(new URL('./data/common-passwords.bin', import.meta.url));

// Of SHA-256. A password that is not in the list seems to be in it with a chance of 2 in 10^10.
const DIGEST_BYTES = 6;

/** How many passwords the offline list holds. */
export const COMMON_PASSWORDS = DIGESTS.length / DIGEST_BYTES;

/**
 * Whether this is one of the most common passwords: of those with 8 code points or more the first 10 000, likewise with
 * 9 or more, and so on to 15, so that the list fits whatever minimum length is set.
 * @param folded as `foldPassword` returns it; the whole password, never a part of it
 * @see NIST SP 800-63B-4, section 3.1.1.2; OWASP ASVS 5.0, requirement 6.2.4
 */
export function isCommonPassword(folded: string): boolean {
  const wanted = createHash('sha256').update(folded).digest().readUIntBE(0, DIGEST_BYTES);
  let [low, high] = [0, COMMON_PASSWORDS];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (digestAt(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low < COMMON_PASSWORDS && digestAt(low) === wanted;
}

function digestAt(index: number): number {
  return DIGESTS.readUIntBE(index * DIGEST_BYTES, DIGEST_BYTES);
}
