import { describe, expect, it } from '@jest/globals';
import type { IncomingMessage } from 'node:http';

import { routeOf, UNMATCHED_ROUTE } from './route-of.js';

const stack = [
  { match: () => true },
  { match: () => decodeURIComponent('%'), route: { path: '/broken/:id' } },
  { match: (path: string) => /^\/users\/[^/]+$/.test(path), route: { path: '/users/:userId' } },
];
const requestFor = (originalUrl: string, route?: { path: unknown }) =>
  ({ method: 'GET', originalUrl, route, app: { router: { stack } } }) as unknown as IncomingMessage;

describe('routeOf', () => {
  it('takes the route that Express has found', () => {
    expect(routeOf(requestFor('/anything', { path: '/auth/session' }))).toBe('/auth/session');
  });

  it('looks up the route of a request that was answered before routing, by its path alone', () => {
    expect(routeOf(requestFor('/users/42?token=x'))).toBe('/users/:userId');
  });

  it('has one name for everything else, so that nobody can invent more', () => {
    expect(routeOf(requestFor('/users/42/x'))).toBe(UNMATCHED_ROUTE);
    expect(routeOf(requestFor('/users/42/x', { path: /regular/ }))).toBe(UNMATCHED_ROUTE);
    expect(routeOf({ method: 'GET' } as IncomingMessage)).toBe(UNMATCHED_ROUTE);
  });
});
