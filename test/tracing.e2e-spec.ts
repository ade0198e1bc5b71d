import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { PASSWORD } from './support/app.js';
import { BearerClient, CookieClient } from './support/clients.js';
import { type RunningProgram, startProgram } from './support/program.js';
import { programMayOnly, startRedis, type TestRedis } from './support/redis-server.js';
import { temporaryDirectory } from './support/temporary-directory.js';

jest.setTimeout(60_000);

interface Span {
  name: string;
  scope: string;
  traceId: string;
  id: string;
  parentId?: string;
  attributes: Record<string, unknown>;
}

const TRACING = fileURLToPath(new URL('./support/tracing.mjs', import.meta.url));

describe('the program under OpenTelemetry', () => {
  let redis: TestRedis;
  let program: RunningProgram;
  let directory: string;
  let spans: Span[];
  const secrets: string[] = [PASSWORD];

  beforeAll(async () => {
    redis = await startRedis(programMayOnly());
    directory = temporaryDirectory('lk-spans-');
    const file = join(directory, 'spans.json');
    program = await startProgram(
      { NODE_ENV: 'test', PORT: '0', ...redis.settings, SPANS_FILE: file, LOG_LEVEL: 'info' },
      { nodeArguments: ['--import', TRACING] },
    );
    const [, url = ''] = await program.line(/Latchkey\s+(http:\S+)/);
    const credentials = { email: 'traced@example.com', password: PASSWORD };
    const browser = new CookieClient(url);
    await browser.post('/auth/register', credentials);
    await browser.get('/auth/session');
    secrets.push((await browser.cookie()) as string);
    // Together, so that hashes wait for each other and commands share a pipeline.
    const clients = [1, 2, 3].map(() => new BearerClient(url));
    await Promise.all(clients.map((client) => client.login(credentials)));
    for (const client of clients) expect((await client.get('/auth/session')).status).toBe(200);
    secrets.push(...clients.flatMap(({ token = '' }) => [token, ...token.split('.')]));
    program.signal('SIGTERM');
    expect((await program.ended).code).toBe(0);
    spans = JSON.parse(readFileSync(file, 'utf8')) as Span[];
  }, 90_000);
  afterAll(async () => {
    await program.dispose();
    await redis.stop();
    rmSync(directory, { recursive: true });
  });

  const requests = (route: string) =>
    spans.filter(
      ({ scope, parentId, attributes }) =>
        scope.endsWith('instrumentation-http') &&
        parentId === undefined &&
        JSON.stringify(attributes).includes(`"${route}"`),
    );
  const commandsOf = (server: Span) =>
    spans.filter(({ scope, traceId }) => scope.endsWith('ioredis') && traceId === server.traceId);
  /** Whether a span leads, from parent to parent, to that one. */
  const isUnder = (span: Span | undefined, server: Span): boolean =>
    span !== undefined &&
    (span.id === server.id ||
      isUnder(
        spans.find(({ id }) => id === span.parentId),
        server,
      ));

  it('makes one connected trace of a read: from the request to the command that loads the session', () => {
    const reads = requests('/auth/session');
    expect(reads).toHaveLength(4);
    for (const read of reads) {
      const commands = commandsOf(read);
      expect(commands.map(({ name }) => name)).toContain('mget');
      for (const command of commands) expect(isUnder(command, read)).toBe(true);
    }
  });

  it('makes one of a login too, across the queue of hashes', () => {
    const logins = requests('/auth/login');
    expect(logins).toHaveLength(3);
    for (const login of logins) {
      const commands = commandsOf(login);
      expect(commands.length).toBeGreaterThan(0);
      for (const command of commands) expect(isUnder(command, login)).toBe(true);
    }
    const [registration] = requests('/auth/register') as [Span];
    expect(commandsOf(registration).length).toBeGreaterThan(0);
    // Nothing that a request did is a trace of its own: what is left over are the start, the end and timers.
    const kept = new Set(spans.filter(({ scope }) => scope.endsWith('http')).map(({ traceId }) => traceId));
    const scripts = spans.filter(({ scope, name }) => scope.endsWith('ioredis') && /^eval/.test(name));
    expect(scripts.filter(({ traceId }) => !kept.has(traceId)).map(({ attributes }) => attributes)).toEqual(
      [],
    );
  });

  it('puts no password, token or cookie into a span', () => {
    const text = JSON.stringify(spans);
    expect(secrets.length).toBeGreaterThan(8);
    for (const secret of secrets.filter((one) => one.length > 8)) {
      expect(text).not.toContain(secret);
      expect(text).not.toContain(encodeURIComponent(secret));
    }
    expect(program.output.filter((line) => /"level":"error"/.test(line))).toEqual([]);
  });
});
