import { createHash } from 'node:crypto';
import { BreachedPasswords } from './breached-passwords.js';

const PREFIX_LENGTH = 5;
// Padded answers have 1000 lines at most, of 40 bytes or so.
const MAX_ANSWER_BYTES = 256 * 1024;

/** Where the range is asked for. */
export interface PwnedPasswordsRangeOptions {
  /** Where `range/` is. @default 'https://api.pwnedpasswords.com/' */
  url?: string;
}

/**
 * Asks the range interface of Have I Been Pwned, or a copy of it: five digits of the password's SHA-1 leave the process,
 * and what begins with them comes back, padded so that its length tells an eavesdropper nothing. Redirects are not
 * followed.
 * @see https://haveibeenpwned.com/API/v3#PwnedPasswords
 */
export class PwnedPasswordsRange extends BreachedPasswords {
  private readonly base: string;

  constructor({ url = 'https://api.pwnedpasswords.com/' }: PwnedPasswordsRangeOptions = {}) {
    super();
    this.base = url.endsWith('/') ? url : `${url}/`;
  }

  /** Asks for the range of its SHA-1's first five digits. Rejects when there is no answer of that form. */
  async isBreached(password: string, signal: AbortSignal): Promise<boolean> {
    // SHA-1 because that is what the range is of; it protects nothing here.
    const digest = createHash('sha1').update(password).digest('hex').toUpperCase();
    const suffix = digest.slice(PREFIX_LENGTH);
    const lines = (await this.fetchRange(digest.slice(0, PREFIX_LENGTH), signal)).split(/\r?\n/);
    // Padding has a count of 0.
    return lines.some((line) => line.startsWith(`${suffix}:`) && Number(line.slice(suffix.length + 1)) > 0);
  }

  private async fetchRange(prefix: string, signal: AbortSignal): Promise<string> {
    const answer = await fetch(new URL(`range/${prefix}`, this.base), {
      headers: { 'Add-Padding': 'true', 'User-Agent': 'latchkey' },
      redirect: 'error',
      signal,
    });
    if (answer.status !== 200 || !answer.body) {
      await answer.body?.cancel();
      throw new Error(`the range of breached passwords was answered with ${answer.status}`);
    }
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      if (bytes > MAX_ANSWER_BYTES) throw new Error('the range of breached passwords is too long to be one');
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('latin1');
  }
}
