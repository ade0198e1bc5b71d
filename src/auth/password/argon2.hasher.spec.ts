import { describe, expect, it } from '@jest/globals';
import argon2 from 'argon2';
import { Argon2Hasher } from './argon2.hasher.js';

const CHEAP = { memoryKib: 1024, timeCost: 2, parallelism: 1 };

describe('Argon2Hasher', () => {
  const hasher = new Argon2Hasher(CHEAP);

  it('writes argon2id in PHC string format with its cost, and reads it', async () => {
    const hash = await hasher.hash('correct horse battery staple');
    expect(hash).toMatch(/^\$argon2id\$v=19\$m=1024,t=2,p=1\$/);
    expect(await hasher.verify(hash, 'correct horse battery staple')).toBe(true);
    expect(await hasher.verify(hash, 'correct horse battery stapler')).toBe(false);
    expect(hasher.needsRehash(hash)).toBe(false);
  });

  it('has the cost of OWASP by default', async () => {
    expect(await new Argon2Hasher().hash('x')).toMatch(/\$m=19456,t=2,p=1\$/);
  });

  it('wants a hash of other parameters or of another kind replaced', async () => {
    const weaker = await argon2.hash('x', { memoryCost: 1024, timeCost: 2, parallelism: 2 });
    const otherKind = await argon2.hash('x', {
      memoryCost: 1024,
      timeCost: 2,
      parallelism: 1,
      type: argon2.argon2i,
    });
    expect([weaker, otherKind].map((hash) => hasher.needsRehash(hash))).toEqual([true, true]);
    expect(await hasher.verify(otherKind, 'x')).toBe(true);
  });

  it('reads parameters in another order, as other versions of the package write them', async () => {
    const hash = (await hasher.hash('x')).replace('m=1024,t=2,p=1', 'm=1024,p=1,t=2');
    expect(await hasher.verify(hash, 'x')).toBe(true);
    expect(hasher.needsRehash(hash)).toBe(false);
  });

  it.each(['', '!', '$argon2id$v=19$x', '$2b$12$abcdefghijklmnopqrstuv'])(
    'takes an unreadable hash (%j) for a wrong password',
    async (hash) => {
      expect(await hasher.verify(hash, 'x')).toBe(false);
      expect(hasher.needsRehash(hash)).toBe(true);
    },
  );
});
