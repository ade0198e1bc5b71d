import { describe, expect, it } from '@jest/globals';
import { SessionCodec } from './session-codec.js';

describe('SessionCodec', () => {
  const codec = new SessionCodec(JSON);

  it('hands out data that can be changed without changing what was read', () => {
    const data = { cart: { items: [{ n: 1 }] }, note: null };
    const copy = codec.toSessionData(data, undefined) as unknown as typeof data;
    expect(copy).toEqual(data);
    copy.cart.items[0] = { n: 2 };
    copy.cart.items.push({ n: 3 });
    expect(data.cart.items).toEqual([{ n: 1 }]);
  });

  it('lets no member of the data become the prototype of the copy', () => {
    const data = JSON.parse('{"inner":{"__proto__":{"admin":true}}}') as { inner: object };
    const { inner } = codec.toSessionData(data, undefined) as unknown as typeof data;
    expect((inner as { admin?: boolean }).admin).toBeUndefined();
    expect(Object.keys(inner)).toEqual(['__proto__']);
    expect(Object.getPrototypeOf(inner)).toBe(Object.prototype);
  });

  it('copies what only another serializer can make', () => {
    const at = new Date(0);
    const copy = codec.toSessionData({ at, tags: new Set(['a']) }, undefined) as unknown as {
      at: Date;
      tags: Set<string>;
    };
    expect(copy.at).toEqual(at);
    expect(copy.at).not.toBe(at);
    expect(copy.tags).toEqual(new Set(['a']));
  });
});
