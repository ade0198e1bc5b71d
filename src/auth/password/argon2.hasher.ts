import argon2 from 'argon2';
import { PasswordHasher } from '../password-hasher.js';

/** Cost of one hash. */
export interface Argon2Parameters {
  memoryKib: number;
  timeCost: number;
  parallelism: number;
}

/** The lowest cost that OWASP's Password Storage Cheat Sheet accepts for argon2id with this much memory. */
export const DEFAULT_ARGON2: Argon2Parameters = { memoryKib: 19_456, timeCost: 2, parallelism: 1 };

const PREFIX = '$argon2id$';
// The parameters in any order: not every implementation keeps to the one of the PHC string format.
const FORM = /^\$argon2(?:id|i|d)\$v=\d+\$(?:[mtp]=\d+,){2}[mtp]=\d+\$[A-Za-z0-9+/]+\$[A-Za-z0-9+/]+$/;

/** argon2id through the `argon2` package. Reads what other implementations wrote in PHC string format. */
export class Argon2Hasher extends PasswordHasher {
  private readonly cost: { memoryCost: number; timeCost: number; parallelism: number };

  constructor(parameters: Argon2Parameters = DEFAULT_ARGON2) {
    super();
    const { memoryKib, timeCost, parallelism } = parameters;
    this.cost = { memoryCost: memoryKib, timeCost, parallelism };
  }

  async hash(password: string): Promise<string> {
    return argon2.hash(password, { ...this.cost, type: argon2.argon2id });
  }

  async verify(hash: string, password: string): Promise<boolean> {
    return FORM.test(hash) && argon2.verify(hash, password);
  }

  needsRehash(hash: string): boolean {
    return !hash.startsWith(PREFIX) || !FORM.test(hash) || argon2.needsRehash(hash, this.cost);
  }
}
