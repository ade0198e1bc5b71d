import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { BearerClient } from './support/clients.js';
import { EXAMPLE_TIMEOUT_MS, type RunningExample, startExample } from './support/example.js';

describe('the example custom-strategy', () => {
  let api: RunningExample;
  let key: string;

  beforeAll(async () => {
    api = await startExample('custom-strategy');
    [, key = ''] = await api.line(/^key=(\S+)$/);
  }, EXAMPLE_TIMEOUT_MS);

  afterAll(async () => {
    expect(await api.stop()).toEqual({ code: 0, left: [] });
  });

  const logIn = async (apiKey: string) => {
    const program = new BearerClient(api.url);
    const answer = await program.post('/login/key', undefined, { headers: { 'x-api-key': apiKey } });
    program.token = answer.body.token;
    return { program, answer };
  };

  it('makes a session of a key, which is listed and ended like any other', async () => {
    const { program, answer } = await logIn(key);
    expect([answer.status, answer.headers.getSetCookie()]).toEqual([200, []]);
    expect((await program.get('/report')).body).toEqual({ for: 'nightly-report', rows: [] });
    expect((await program.get('/auth/sessions')).body).toMatchObject({
      total: 1,
      items: [{ current: true }],
    });
    expect((await program.post('/auth/logout')).status).toBe(204);
    expect((await program.get('/report')).status).toBe(401);
  });

  it.each([
    ['a wrong secret', () => key.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
    ['an unknown program', () => key.replace('nightly-report', 'nobody')],
    ['no key', () => ''],
    ['something that is no key', () => 'nightly-report'],
  ])('answers %s as a wrong password is answered', async (_, wrong) => {
    const { answer } = await logIn(wrong());
    expect([answer.status, answer.body.code]).toEqual([401, 'INVALID_CREDENTIALS']);
  });

  it('does not take a key for a session', async () => {
    const program = new BearerClient(api.url);
    const answer = await program.get('/report', { headers: { 'x-api-key': key } });
    expect([answer.status, answer.body.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('ends the sessions of a key that is replaced, and takes only the new one', async () => {
    const [first, second] = [await logIn(key), await logIn(key)];
    expect((await first.program.post('/key')).status).toBe(401);
    const { body } = await first.program.post('/key', undefined, { headers: { 'x-api-key': key } });
    expect(body).toEqual({ key: expect.stringMatching(/^nightly-report\./), revoked: 2 });
    for (const { program } of [first, second]) expect((await program.get('/report')).status).toBe(401);
    expect((await logIn(key)).answer.status).toBe(401);
    key = body.key;
    expect((await (await logIn(key)).program.get('/report')).status).toBe(200);
  });
});
