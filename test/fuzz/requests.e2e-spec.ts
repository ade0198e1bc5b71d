import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { PASSWORD, startApp, type TestApp } from '../support/app.js';
import { CookieClient } from '../support/clients.js';
import { startPostgres, type TestPostgres } from '../support/postgres.js';
import { expectAlways } from '../support/random-runs.js';
import { type RawAnswer, rawRequest, sendRaw } from '../support/raw-http.js';
import { runs } from '../support/soak.js';
import { storedSessions } from '../support/stored-sessions.js';
import { filledIn, type FuzzRequest } from './fuzz-request.js';
import { fuzzRequest } from './mutations.js';
import { People } from './people.js';
import { bringsSession, complaintAbout } from './verdict.js';

const RUNS = runs(500, 10_000);
// Several times what they take on a quiet machine.
const LIMIT_MS = RUNS * 200;
const STARTING_MS = 60_000;
// An answer that takes longer does not come.
const PATIENCE_MS = 10_000;

/** A body in chunks with a last one: a server rightly waits for the rest of a request. */
function ended(headers: readonly (readonly [string, string])[], body: string): string {
  const chunked = headers.some(
    ([name, value]) => /^transfer-encoding$/i.test(name) && /chunked/i.test(value),
  );
  return chunked ? `${body}\r\n0\r\n\r\n`.replace(/^\r\n/, '') : body;
}

describe.each(['sqlite', 'postgres'])('random requests, on %s', (kind) => {
  let postgres: TestPostgres | undefined;
  let program: TestApp;
  let redis: Redis;
  let people: People;
  let sessionsBrought = 0;
  beforeAll(async () => {
    postgres = kind === 'postgres' ? await startPostgres() : undefined;
    program = await startApp({
      env: {
        TRUSTED_PROXIES: '127.0.0.1',
        LOG_LEVEL: 'error',
        ...(postgres && { DATABASE_URL: await postgres.createDatabase() }),
      },
    });
    redis = program.redis.client();
    people = new People(program, redis);
  }, STARTING_MS);
  afterAll(async () => {
    await program.close();
    await postgres?.stop();
  }, STARTING_MS);

  const answerTo = async (request: FuzzRequest): Promise<RawAnswer> => {
    const facts = await people.facts(request.role);
    const { method, target, headers, body } = filledIn(request, facts);
    const bytes = rawRequest(method, target, [people.address(), ...headers], ended(headers, body));
    const patience = delay(PATIENCE_MS, undefined, { ref: false }).then(() =>
      Promise.reject(new Error('no answer')),
    );
    return Promise.race([sendRaw(program.url, bytes), patience]);
  };

  it(
    `get ${RUNS} answers that keep to the contract, and no session without a login`,
    async () => {
      const property = fc.asyncProperty(fuzzRequest, async (request) => {
        const answer = await answerTo(request);
        if (bringsSession(answer)) sessionsBrought += 1;
        if (answer.status < 400 && !/^(GET|HEAD)$/.test(request.method)) people.doubt();
        const complaint = complaintAbout(request, answer);
        if (complaint !== undefined)
          throw new Error(`${complaint}: ${answer.status} ${answer.body.slice(0, 500)}`);
      });
      await expectAlways(property, { numRuns: RUNS, limitMs: LIMIT_MS });
      expect(sessionsBrought).toBeGreaterThan(0);
      const sessions = await storedSessions(redis);
      expect(sessions.length).toBeLessThanOrEqual(sessionsBrought + people.sessions);
    },
    LIMIT_MS + 10_000,
  );

  it('leave a program that logs people in, and no error in its log', async () => {
    const { email } = await program.createUser({ email: 'after@example.com' });
    const client = new CookieClient(program.url);
    const [name, value] = people.address();
    await people.forgetFailures();
    const login = await client.post(
      '/auth/login',
      { email, password: PASSWORD },
      { headers: { [name]: value } },
    );
    expect(login.status).toBe(200);
    expect((await client.get('/health/ready')).body.status).toBe('ready');
    expect(program.log).toEqual([]);
  });
});
