import { describe, expect, it } from '@jest/globals';
import { signBearerToken, verifyBearerToken } from './bearer-token.js';

const SECRET = 'a-secret-of-at-least-thirty-two-characters';
const OLD_SECRET = 'an-older-secret-of-thirty-two-characters';
const SESSION_TOKEN = 'AAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

describe('bearer tokens', () => {
  const token = signBearerToken(SESSION_TOKEN, SECRET);

  it('are read with every secret that is honoured', () => {
    expect(verifyBearerToken(token, [SECRET])).toBe(SESSION_TOKEN);
    expect(verifyBearerToken(signBearerToken(SESSION_TOKEN, OLD_SECRET), [SECRET, OLD_SECRET])).toBe(
      SESSION_TOKEN,
    );
    expect(verifyBearerToken(token, [OLD_SECRET])).toBeUndefined();
  });

  // Four last characters of 43 in base64url decode to the same 32 bytes.
  it('have exactly one spelling', () => {
    const honoured = [...BASE64URL].filter((last) => verifyBearerToken(token.slice(0, -1) + last, [SECRET]));
    expect(honoured).toEqual([token.at(-1)]);
    for (const padding of ['=', ' ', '\0'])
      expect(verifyBearerToken(token + padding, [SECRET])).toBeUndefined();
  });

  it.each(['', 'lk_', 'lk_.', `lk_${SESSION_TOKEN}`, `lk_${SESSION_TOKEN}.`, token.slice(3)])(
    'are not %j',
    (wrong) => {
      expect(verifyBearerToken(wrong, [SECRET])).toBeUndefined();
    },
  );
});
