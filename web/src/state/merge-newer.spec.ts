import { describe, expect, it } from '@jest/globals';
import { mergeNewer, withEntry } from './merge-newer.js';

const page = (ids: string, nextCursor: string | null = 'next') => ({
  items: [...ids].map((id) => ({ id })),
  nextCursor,
});

describe('A listing that is asked for again', () => {
  it('puts what is new first and keeps the pages that were added', () => {
    expect(mergeNewer(page('cdefg', 'after-g'), page('abcd', 'after-d'))).toEqual(page('abcdefg', 'after-g'));
  });

  it('keeps nothing that it may have a gap before', () => {
    expect(mergeNewer(page('xyz', 'after-z'), page('abc', 'after-c'))).toEqual(page('abc', 'after-c'));
  });

  it('takes a first page that is all there is for all there is', () => {
    expect(mergeNewer(page('abcd', 'after-d'), page('ac', null))).toEqual(page('ac', null));
  });

  it('drops from the middle what is not there any more', () => {
    expect(mergeNewer(page('abcdef', 'after-f'), page('acd', 'after-d'))).toEqual(page('acdef', 'after-f'));
  });

  it('adds an entry once, and replaces it when it comes again', () => {
    const once = withEntry(page('b'), { id: 'a' });
    expect(once).toEqual(page('ab'));
    const again = withEntry({ ...once, items: once.items }, { id: 'a', count: 2 } as { id: string });
    expect(again.items).toEqual([{ id: 'a', count: 2 }, { id: 'b' }]);
  });
});
