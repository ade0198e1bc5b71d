import { Argon2Hasher, PasswordHasher } from '../../../src/index.js';
import { oldHash } from './accounts.js';

/** Makes argon2id hashes, and still reads the old ones; a login with one of these replaces it. */
export class OldAndNewHasher extends PasswordHasher {
  private readonly argon2 = new Argon2Hasher();

  async hash(password: string): Promise<string> {
    return this.argon2.hash(password);
  }

  async verify(hash: string, password: string): Promise<boolean> {
    return hash.startsWith('$old$') ? hash === oldHash(password) : this.argon2.verify(hash, password);
  }

  needsRehash(hash: string): boolean {
    return hash.startsWith('$old$') || this.argon2.needsRehash(hash);
  }
}
