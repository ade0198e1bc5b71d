import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

import { PASSWORD, startApp, type TestApp } from './support/app.js';
import { CookieClient } from './support/clients.js';

interface Middleware {
  headers?: { customRequestHeaders: Record<string, string> };
  forwardAuth?: { address: string; trustForwardHeader: boolean; authResponseHeaders: string[] };
}

interface Configuration {
  routers: Record<string, { rule: string; middlewares: string[]; service: string }>;
  middlewares: Record<string, Middleware>;
  services: Record<string, unknown>;
}

const { http } = parse(readFileSync(new URL('../deploy/traefik.yml', import.meta.url), 'utf8')) as {
  http: Configuration;
};

// There is no Traefik to be had as a system package. What it does with these middlewares is played after its
// documentation; what is asked and answered is real.
describe('deploy/traefik.yml', () => {
  let app: TestApp;
  let client: CookieClient;
  let userId: string;

  beforeAll(async () => {
    app = await startApp();
    userId = (await app.createUser({ email: 'ada@example.com', roles: [] })).id;
    client = new CookieClient(app.url);
    await client.post('/auth/login', { email: 'ada@example.com', password: PASSWORD });
  });
  afterAll(() => app.close());

  /** What the service of a router gets of a request's headers, or the status that the client gets instead. */
  const pass = async (router: string, by: CookieClient, method: string, sent: Record<string, string>) => {
    const headers = new Headers(sent);
    for (const name of http.routers[router]?.middlewares ?? []) {
      const { headers: custom, forwardAuth } = http.middlewares[name] as Middleware;
      for (const [header, value] of Object.entries(custom?.customRequestHeaders ?? {})) {
        if (value === '') headers.delete(header);
        else headers.set(header, value);
      }
      if (!forwardAuth) continue;
      const forwarded = forwardAuth.trustForwardHeader ? headers.get('x-forwarded-method') : null;
      const answer = await by.get(new URL(forwardAuth.address).pathname, {
        headers: { ...Object.fromEntries(headers), 'x-forwarded-method': forwarded ?? method },
      });
      if (answer.status >= 300) return answer.status;
      for (const header of forwardAuth.authResponseHeaders) {
        headers.delete(header);
        const value = answer.headers.get(header);
        if (value) headers.set(header, value);
      }
    }
    return Object.fromEntries([...headers].filter(([name]) => name.startsWith('x-auth-')));
  };

  it('names nothing that it does not define', () => {
    for (const { middlewares, service } of Object.values(http.routers)) {
      expect(Object.keys(http.services)).toContain(service);
      expect(Object.keys(http.middlewares)).toEqual(expect.arrayContaining(middlewares));
    }
  });

  it('takes over every header that the session check answers with, and lets a client set none of them', async () => {
    const { headers } = await client.get('/auth/verify');
    const answered = [...headers.keys()].filter((name) => name.startsWith('x-auth-'));
    expect(
      http.middlewares['session']?.forwardAuth?.authResponseHeaders.map((name) => name.toLowerCase()),
    ).toEqual(expect.arrayContaining(answered));
    const forged = { 'x-auth-user-id': 'somebody', 'x-auth-roles': 'admin', 'x-auth-session-id': 'x' };
    const got = await pass('invoices', client, 'GET', forged);
    expect(got).toEqual({ 'x-auth-user-id': userId, 'x-auth-session-id': headers.get('x-auth-session-id') });
    expect(await pass('accounts', client, 'GET', forged)).toEqual({});
    expect(await pass('invoices', new CookieClient(app.url), 'GET', forged)).toBe(401);
  });

  it("refuses a foreign page's POST, also when it says that it was a GET", async () => {
    const foreign = { origin: 'https://evil.example', 'x-forwarded-method': 'GET' };
    expect(await pass('invoices', client, 'POST', foreign)).toBe(403);
    expect(await pass('invoices', client, 'GET', foreign)).not.toBe(403);
  });
});
