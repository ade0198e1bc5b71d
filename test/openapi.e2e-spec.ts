import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { PROBLEMS } from '../src/problem/index.js';
import { startApp, type TestApp } from './support/app.js';
import { CookieClient, type Answer } from './support/clients.js';

interface Operation {
  operationId: string;
  security?: Record<string, string[]>[];
  responses: Record<string, { content?: Record<string, unknown>; headers?: Record<string, unknown> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, unknown> };
}

const CONTRACT = readFileSync(new URL('../docs/http-api.md', import.meta.url), 'utf8');

// Pages for people, and the document itself.
const IN_NO_DOCUMENT = /^\/(?:docs|console|$)/;

/** The routes of the contract's tables, in OpenAPI's notation; a query is no part of an address. */
function routesOfContract(): string[] {
  const rows = CONTRACT.matchAll(/^\| (.+?) \|/gm);
  const calls = [...rows].flatMap(([, cell = '']) => [
    ...cell.matchAll(/`(GET|POST|PUT|PATCH|DELETE) (\/[^`\s?]*)/g),
  ]);
  return calls.map(([, method = '', path = '']) => `${method} ${path.replace(/:(\w+)/g, '{$1}')}`);
}

describe('the OpenAPI document', () => {
  let app: TestApp;
  let document: Document;
  let page: Answer;
  beforeAll(async () => {
    app = await startApp();
    const client = new CookieClient(app.url);
    document = (await client.get('/docs-json')).body as Document;
    page = await client.get('/docs');
  });
  afterAll(() => app.close());

  const operations = (): [route: string, operation: Operation][] =>
    Object.entries(document.paths).flatMap(([path, item]) =>
      Object.entries(item).map(([method, operation]): [string, Operation] => [
        `${method.toUpperCase()} ${path}`,
        operation,
      ]),
    );
  const documented = (): string[] =>
    operations()
      .map(([route]) => route)
      .sort();

  /** Every route that Express knows, but for those of pages. */
  const served = (): string[] => {
    const { router } = app.app.getHttpAdapter().getInstance() as {
      router: { stack: { route?: { path: string; methods: Record<string, boolean> } }[] };
    };
    return router.stack
      .flatMap(({ route }) =>
        route === undefined ? [] : Object.keys(route.methods).map((method) => ({ method, path: route.path })),
      )
      .filter(({ path }) => !IN_NO_DOCUMENT.test(path))
      .map(({ method, path }) => `${method.toUpperCase()} ${path.replace(/:(\w+)/g, '{$1}')}`)
      .sort();
  };

  it('has every route of the program, and no other', () => {
    expect(served().length).toBeGreaterThan(10);
    expect(documented()).toEqual(served());
  });

  it('has the same routes as the contract in docs/http-api.md', () => {
    const contract = routesOfContract().filter((route) => !IN_NO_DOCUMENT.test(route.slice('GET '.length)));
    expect([...new Set(contract)].sort()).toEqual(documented());
  });

  it('names the security of every operation', () => {
    expect(Object.keys(document.components.securitySchemes).sort()).toEqual(['bearer', 'cookie']);
    const schemes = [{ cookie: [] }, { bearer: [] }];
    for (const [route, { security }] of operations()) {
      const open = /^GET \/(health|metrics)|^POST \/auth\/(login|register|register\/confirm)$/.test(route);
      const expected = open ? [] : route === 'POST /auth/logout' ? [{}, ...schemes] : schemes;
      expect({ route, security }).toEqual({ route, security: expected });
    }
  });

  it('has the error answers of every operation, with codes of the catalogue only', () => {
    for (const [route, { responses }] of operations()) {
      const codes =
        JSON.stringify(responses)
          .match(/"[A-Z]+(_[A-Z]+)+"/g)
          ?.map((code) => JSON.parse(code) as string) ?? [];
      expect({ route, unknown: codes.filter((code) => !(code in PROBLEMS)) }).toEqual({ route, unknown: [] });
      for (const [status, response] of Object.entries(responses)) {
        const isError = Number(status) >= 400 && route !== 'GET /health/ready';
        if (isError)
          expect({ route, status, types: Object.keys(response.content ?? {}) }).toEqual({
            route,
            status,
            types: ['application/problem+json'],
          });
      }
      const statuses = Object.keys(responses);
      expect({ route, statuses }).toEqual({ route, statuses: expect.arrayContaining(['500']) });
      if (/^(GET|POST|PUT|PATCH|DELETE) \/(auth|admin)/.test(route))
        expect(statuses).toEqual(expect.arrayContaining(['400', '503']));
      if (/ \/admin/.test(route)) expect(statuses).toEqual(expect.arrayContaining(['401', '403']));
      if (!route.startsWith('GET')) expect(statuses).toContain('403');
    }
  });

  it('has the headers that come with a refusal', () => {
    const { responses } = document.paths['/auth/login']?.post as Operation;
    const headersOf = (status: string) => Object.keys(responses[status]?.headers ?? {});
    expect(headersOf('401')).toEqual(['WWW-Authenticate']);
    expect(headersOf('429')).toEqual(['Retry-After', 'RateLimit-Policy', 'RateLimit']);
    expect(headersOf('503')).toEqual(['Retry-After']);
  });

  it('answers each operation with at least one success', () => {
    for (const [route, { responses }] of operations()) {
      expect({ route, success: Object.keys(responses).some((status) => status.startsWith('2')) }).toEqual({
        route,
        success: true,
      });
    }
  });

  it('has no reference that leads nowhere, and no operation twice', () => {
    const references = JSON.stringify(document).match(/#\/components\/schemas\/\w+/g) ?? [];
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references)
      expect(document.components.schemas).toHaveProperty([reference.split('/').pop() as string]);
    const ids = operations().map(([, { operationId }]) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('is shown by a page whose policy allows its own styles and scripts, and nothing else', () => {
    expect(page.status).toBe(200);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).not.toMatch(/unsafe-inline|unsafe-eval|\*/);
    const styles = [
      ...page.text.matchAll(/<style>([^]*?)<\/style>/g),
      ...page.text.matchAll(/ style="([^"]*)"/g),
    ];
    expect(styles).toHaveLength(3);
    for (const [, style = ''] of styles) {
      expect(policy).toContain(`'sha256-${createHash('sha256').update(style).digest('base64')}'`);
    }
    expect([...page.text.matchAll(/<script>/g), ...page.text.matchAll(/ on\w+=/g)]).toEqual([]);
  });
});
