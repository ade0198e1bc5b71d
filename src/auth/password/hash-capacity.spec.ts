import { describe, expect, it } from '@jest/globals';
import { totalmem } from 'node:os';
import { DEFAULT_ARGON2 } from './argon2.hasher.js';
import { hashCapacity, thisMachine, type Machine } from './hash-capacity.js';

const GIB = 1024 ** 3;

describe('hashCapacity', () => {
  const capacity = (machine: Partial<Machine>, cost = {}) =>
    hashCapacity(
      { ...DEFAULT_ARGON2, ...cost },
      { cores: 64, memoryBytes: 1024 * GIB, threadPoolSize: 1024, ...machine },
    );

  it.each([
    [1, 1],
    [2, 1],
    [4, 3],
    [16, 15],
  ])('leaves one of %d cores to requests that hash nothing', (cores, expected) => {
    expect(capacity({ cores })).toBe(expected);
  });

  it('counts the threads of each hash', () => {
    expect(capacity({ cores: 9 }, { parallelism: 4 })).toBe(2);
    expect(capacity({ cores: 3 }, { parallelism: 4 })).toBe(1);
  });

  it.each([
    [4, 3],
    [1, 1],
    [8, 6],
    [128, 63],
  ])('leaves threads of a pool of %d to files and names', (threadPoolSize, expected) => {
    expect(capacity({ threadPoolSize })).toBe(expected);
  });

  it('takes at most a quarter of memory', () => {
    expect(capacity({ memoryBytes: GIB })).toBe(13);
    expect(capacity({ memoryBytes: GIB }, { memoryKib: 256 * 1024 })).toBe(1);
    expect(capacity({ memoryBytes: GIB }, { memoryKib: 256 * 1024 + 1 })).toBe(0);
    for (const memoryKib of [1024, 19_456, 65_536]) {
      expect(capacity({ memoryBytes: GIB }, { memoryKib }) * memoryKib).toBeLessThanOrEqual(256 * 1024);
    }
  });

  it('knows no memory of a hasher of somebody else', () => {
    expect(hashCapacity(undefined, { cores: 4, memoryBytes: 1, threadPoolSize: 8 })).toBe(3);
  });
});

describe('thisMachine', () => {
  it('has no more memory than there is, and libuv’s threads', () => {
    const { memoryBytes, threadPoolSize, cores } = thisMachine();
    expect(memoryBytes).toBeGreaterThan(0);
    expect(memoryBytes).toBeLessThanOrEqual(totalmem());
    expect([threadPoolSize, cores > 0]).toEqual([4, true]);
    expect(thisMachine(12).threadPoolSize).toBe(12);
  });
});
