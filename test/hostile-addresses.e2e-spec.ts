import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ProblemCode } from '../src/problem/index.js';
import { type AdminApp, startAdminApp } from './support/admin-app.js';
import { expectProblem } from './support/problems.js';
import { type RawAnswer, rawRequest, sendRaw } from './support/raw-http.js';

const ROUTES: [path: string, allow: string][] = [
  ['/auth/register', 'POST'],
  ['/auth/login', 'POST'],
  ['/auth/logout', 'POST'],
  ['/auth/session', 'GET, HEAD'],
  ['/auth/sessions', 'DELETE, GET, HEAD'],
  ['/auth/sessions/x', 'DELETE'],
  ['/auth/reauthenticate', 'POST'],
  ['/auth/password', 'PUT'],
  ['/auth/verify', 'GET, HEAD'],
  ['/admin/users', 'GET, HEAD'],
  ['/admin/users/x', 'GET, HEAD, PATCH'],
  ['/admin/users/x/sessions', 'DELETE, GET, HEAD'],
  ['/admin/users/x/sessions/y', 'DELETE'],
  ['/admin/sessions', 'DELETE'],
  ['/admin/operations/x', 'GET, HEAD'],
  ['/admin/events', 'GET, HEAD'],
  ['/admin/stats', 'GET, HEAD'],
  ['/health/live', 'GET, HEAD'],
  ['/health/ready', 'GET, HEAD'],
  ['/metrics', 'GET, HEAD'],
  ['/docs', 'GET, HEAD'],
  ['/docs-json', 'GET, HEAD'],
];
const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE', 'SEARCH'];

describe('methods and addresses that no honest client uses', () => {
  let app: AdminApp;
  let credential: [string, string][];
  beforeAll(async () => {
    app = await startAdminApp({ env: { CONSOLE: 'off' } });
    credential = [
      ['Cookie', await app.admin.jar.getCookieString(app.url)],
      ['Origin', app.url],
    ];
  });
  afterAll(() => app.close());

  const send = (method: string, target: string): Promise<RawAnswer> =>
    sendRaw(app.url, rawRequest(method, target, credential));

  it.each(ROUTES)('answers every other method on %s with 405 and %s', async (path, allow) => {
    for (const method of METHODS.filter((name) => !allow.split(', ').includes(name))) {
      const answer = await send(method, path);
      expectProblem(answer, 'METHOD_NOT_ALLOWED');
      expect(answer.headers.get('allow')).toEqual([allow]);
    }
  });

  it('answers HEAD as GET, without the body', async () => {
    for (const [path, allow] of ROUTES.filter(([, methods]) => methods.includes('HEAD'))) {
      const [get, head] = [await send('GET', path), await send('HEAD', path)];
      expect([allow, head.status, head.body]).toEqual([allow, get.status, '']);
    }
    expect((await send('HEAD', '/auth/login')).status).toBe(405);
  });

  it('answers OPTIONS and TRACE about the server, and a tunnel, with what there is: nothing', async () => {
    expectProblem(await send('OPTIONS', '*'), 'NOT_FOUND');
    const answer = await sendRaw(app.url, 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n');
    expectProblem(answer, 'METHOD_NOT_ALLOWED');
  });

  it.each<[string, ProblemCode]>([
    ['/AUTH/session', 'NOT_FOUND'],
    ['/Admin/users', 'NOT_FOUND'],
    ['/admin/Users', 'NOT_FOUND'],
    ['//auth/session', 'NOT_FOUND'],
    ['/auth//session', 'NOT_FOUND'],
    ['/auth/./session', 'NOT_FOUND'],
    ['/health/../auth/session', 'NOT_FOUND'],
    ['/health/%2e%2e/auth/session', 'NOT_FOUND'],
    ['/health/live/../../admin/users', 'NOT_FOUND'],
    ['/%61uth/session', 'NOT_FOUND'],
    ['/auth%2fsession', 'NOT_FOUND'],
    ['/auth/session%2f', 'NOT_FOUND'],
    ['/auth/session%00', 'NOT_FOUND'],
    ['/auth/session%0d%0aX-Injected:%20yes', 'NOT_FOUND'],
    ['/auth/session;jsessionid=1', 'NOT_FOUND'],
    ['/auth\\session', 'NOT_FOUND'],
    ['/auth/session/extra', 'NOT_FOUND'],
    ['/auth/session.json', 'NOT_FOUND'],
    ['/auth/session%', 'BAD_REQUEST'],
    ['/%c0%ae%c0%ae/auth/session', 'BAD_REQUEST'],
    ['/auth/%E0%A4%A', 'BAD_REQUEST'],
    ['/admin/users/%E0%A4%A', 'BAD_REQUEST'],
    ['/admin/users/%00', 'VALIDATION_FAILED'],
    [`/admin/users/${'x'.repeat(14_000)}`, 'VALIDATION_FAILED'],
    ['/admin/users/..%2f..%2fetc%2fpasswd', 'USER_NOT_FOUND'],
    ['/admin/users/__proto__', 'USER_NOT_FOUND'],
    ['/admin/users/constructor/sessions', 'USER_NOT_FOUND'],
    ['/admin/operations/__proto__', 'OPERATION_NOT_FOUND'],
    ['/admin/operations/%EF%BF%BD%F0%9F%90%90', 'OPERATION_NOT_FOUND'],
    [`/${'a'.repeat(14_000)}`, 'NOT_FOUND'],
    [`/${'a/'.repeat(7_000)}`, 'NOT_FOUND'],
    [`/${'%61'.repeat(4_000)}`, 'NOT_FOUND'],
    [`/${'a'.repeat(17_000)}`, 'HEADERS_TOO_LARGE'],
    ['/auth/session HTTP/1.1', 'BAD_REQUEST'],
    ['/auth/session\t', 'BAD_REQUEST'],
    ['*', 'NOT_FOUND'],
    ['http://', 'NOT_FOUND'],
    ['http://[', 'NOT_FOUND'],
    ['javascript://x/auth/session%', 'BAD_REQUEST'],
  ])('answers GET %s with %s', async (target, code) => {
    expectProblem(await send('GET', target), code);
  });

  it.each(['/auth/session/', '/auth/session?', '/auth/session?sid=x&access_token=y', '/auth/session#top'])(
    'answers GET %s like /auth/session, to who may',
    async (target) => {
      expect((await send('GET', target)).status).toBe(200);
      expectProblem(await sendRaw(app.url, rawRequest('GET', target)), 'UNAUTHENTICATED');
    },
  );

  it('takes the address of a proxy for its own, whatever host it names', async () => {
    expect((await send('GET', 'http://evil.example/auth/session')).status).toBe(200);
    expectProblem(
      await sendRaw(app.url, rawRequest('GET', 'http://localhost/admin/users')),
      'UNAUTHENTICATED',
    );
    const answer = await send('POST', 'http://evil.example/auth/session');
    expectProblem(answer, 'METHOD_NOT_ALLOWED');
    expect(answer.headers.get('allow')).toEqual(['GET, HEAD']);
  });

  it.each([
    'limit=-1',
    'limit=0',
    'limit=101',
    'limit=99999999999999999999',
    'limit=1e2',
    'limit=0x10',
    'limit=1.5',
    'limit=',
    'limit=%EF%BC%91',
    'limit=1&limit=2',
    'limit[]=1',
    'limit[__proto__]=1',
    'cursor=',
    'cursor=x',
    `cursor=${'a'.repeat(513)}`,
    'cursor=%00',
    'cursor=..%2f',
    'cursor=LTEuYQ',
    'cursor=MQ',
    'cursor=MS4',
    'cursor=MS4x&cursor=MS4x',
    `cursor=${Buffer.from('1e9.a').toString('base64url')}`,
    `cursor=${Buffer.from("1.' or 1=1").toString('base64url')}`,
    `cursor=${Buffer.from(`1.${'a'.repeat(65)}`).toString('base64url')}`,
    `cursor=${Buffer.from('9999999999999999.a').toString('base64url')}`,
    'unknown=1',
  ])('answers a list asked for with %s with VALIDATION_FAILED', async (query) => {
    expectProblem(await send('GET', `/admin/users?${query}`), 'VALIDATION_FAILED');
    expectProblem(await send('GET', `/admin/events?${query}`), 'VALIDATION_FAILED');
  });

  it.each([
    'limit=1',
    `cursor=${Buffer.from('1.a').toString('base64url')}`,
    `cursor=${Buffer.from('999999999999999.a').toString('base64url')}`,
  ])('answers a list asked for with %s', async (query) => {
    expect((await send('GET', `/admin/users?${query}`)).status).toBe(200);
    expect((await send('GET', `/admin/events?${query}`)).status).toBe(200);
  });

  it.each([
    ['what matches everything in SQL', 'query=%25'],
    ['a hundred wildcards', `query=${'%25_'.repeat(100)}`],
    ['an escape character', 'query=%5C'],
    ['half of a surrogate pair', 'query=%ED%A0%80'],
    ['a percent sign alone', 'query=%'],
    ['a quote', "query='"],
  ])('finds nobody by %s', async (_, query) => {
    const answer = await send('GET', `/admin/users?${query}`);
    expect([answer.status, JSON.parse(answer.body).items]).toEqual([200, []]);
  });

  it('refuses a search that is too long, or has NUL in it', async () => {
    expectProblem(await send('GET', `/admin/users?query=${'a'.repeat(321)}`), 'VALIDATION_FAILED');
    expectProblem(await send('GET', '/admin/users?query=%00'), 'VALIDATION_FAILED');
    expectProblem(await send('GET', '/admin/users?query=a&query=b'), 'VALIDATION_FAILED');
    expectProblem(await send('GET', '/admin/events?userId=%00'), 'VALIDATION_FAILED');
    expectProblem(await send('GET', '/admin/events?type=constructor'), 'VALIDATION_FAILED');
  });

  it('reads thousands of parameters without using one', async () => {
    const target = `/auth/session?${Array.from({ length: 3_000 }, (_, i) => `${i.toString(36)}=`).join('&')}`;
    expect((await send('GET', target)).status).toBe(200);
    expectProblem(await send('GET', target.replace('/auth/session', '/admin/users')), 'VALIDATION_FAILED');
    expect((await send('GET', `/auth/session?${'a['.repeat(7_000)}`)).status).toBe(200);
  });
});
