import { scrypt, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Argon2Hasher } from 'latchkey';

const PREFIX = 'scrypt$';
const KEY_BYTES = 32;
const derive = promisify<string, Buffer, number, Buffer>(scrypt);

/** Reads the hashes of the shop's old system, `scrypt$<salt>$<key>` in base64. New ones are argon2id. */
export class MovedHashes extends Argon2Hasher {
  override async verify(hash: string, password: string): Promise<boolean> {
    if (!hash.startsWith(PREFIX)) return super.verify(hash, password);
    const [salt = '', key = ''] = hash.slice(PREFIX.length).split('$');
    const stored = Buffer.from(key, 'base64');
    if (stored.length !== KEY_BYTES) return false;
    return timingSafeEqual(stored, await derive(password, Buffer.from(salt, 'base64'), KEY_BYTES));
  }
}
