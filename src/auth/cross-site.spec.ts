import { describe, expect, it } from '@jest/globals';
import { crossSiteVerdict, type RequestOrigin } from './cross-site.js';

const HOME = 'https://app.example.com';

describe('crossSiteVerdict', () => {
  const verdict = (request: Partial<RequestOrigin>) =>
    crossSiteVerdict(
      {
        method: 'POST',
        origin: undefined,
        fetchSite: undefined,
        hasSessionCookie: true,
        hasBearerToken: false,
        ...request,
      },
      (origin) => origin === HOME || origin === 'null',
    );

  it.each([
    ['a safe method from anywhere', { method: 'GET', origin: 'https://evil.example' }, 'allowed'],
    ['a known origin', { origin: HOME }, 'allowed'],
    [
      'another origin, whatever Sec-Fetch-Site says',
      { origin: 'https://evil.example', fetchSite: 'same-origin' },
      'refused',
    ],
    [
      'another origin without a cookie: a login can be forged, too',
      { origin: 'https://evil.example', hasSessionCookie: false },
      'refused',
    ],
    ['the origin of a sandbox', { origin: 'null' }, 'refused'],
    ['the same origin by Sec-Fetch-Site', { fetchSite: 'same-origin' }, 'allowed'],
    ['an address that was typed', { fetchSite: 'none' }, 'allowed'],
    ['the same site', { fetchSite: 'same-site' }, 'refused'],
    ['another site', { fetchSite: 'cross-site', hasSessionCookie: false }, 'refused'],
    ['neither header, with our cookie', {}, 'refused'],
    ['neither header, without our cookie', { hasSessionCookie: false }, 'allowed'],
    ['a bearer token', { hasBearerToken: true, origin: 'https://evil.example' }, 'allowed'],
    ['an unknown method', { method: 'PURGE', fetchSite: 'cross-site' }, 'refused'],
    [
      'a method in lower case, which is another method',
      { method: 'get', fetchSite: 'cross-site' },
      'refused',
    ],
  ] as [string, Partial<RequestOrigin>, string][])('%s', (_, request, expected) => {
    expect(verdict(request)).toBe(expected);
  });
});
