import { describe, expect, it } from '@jest/globals';
import { signCookie, tokenInCookie } from './signed-cookie.js';

const SECRETS = ['a newer secret', 'keyboard cat'];
const read = (header: string | undefined) => tokenInCookie(header, 'connect.sid', SECRETS);

describe('tokenInCookie', () => {
  it('takes blanks off a name, and nothing else that looks like one', () => {
    const cookie = signCookie('token', SECRETS[0] as string);
    expect(read(`a=1; \tconnect.sid =${cookie}`)).toBe('token');
    expect(read(`\u00a0connect.sid=${cookie}`)).toBeUndefined();
  });

  const signed = signCookie('an.id/with+all', 'keyboard cat');

  it('reads the cookie that express-session has set, signed with any of the secrets', () => {
    expect(read(`a=b; connect.sid=${signed}; c=d`)).toBe('an.id/with+all');
    expect(read(`connect.sid="${signed}"`)).toBe('an.id/with+all');
    expect(read(`connect.sid=${decodeURIComponent(signed)}`)).toBe('an.id/with+all');
    expect(read(`connect.sid=${signCookie('id', 'a newer secret')}`)).toBe('id');
  });

  it('takes the first of several, as express-session does', () => {
    expect(read(`connect.sid=forged; connect.sid=${signed}`)).toBeUndefined();
  });

  it.each([
    undefined,
    '',
    'connect.sid',
    'connect.sid=',
    'connect.sid=s:',
    'connect.sid=s:.',
    'connect.sid=s%3Aid',
    'connect.sid=%E0%A4%A',
    `connect.sid=${signCookie('id', 'another secret')}`,
    `other.connect.sid=${signed}`,
    `connect.sid=${signed.slice(2)}`,
    `connect.sid=${signed.slice(0, -1)}`,
  ])('finds none in %j', (header) => {
    expect(read(header)).toBeUndefined();
  });
});
