import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { EXAMPLE_TIMEOUT_MS, type RunningExample, startExample } from './support/example.js';

describe('the example mobile', () => {
  let bank: RunningExample;

  beforeAll(async () => {
    bank = await startExample('mobile');
    await bank.line(/^That was all\./);
  }, EXAMPLE_TIMEOUT_MS);

  afterAll(async () => {
    expect(await bank.stop()).toEqual({ code: 0, left: [] });
  });

  it('takes two devices through login, a background longer than the idle time, step-up and a remote revoke', () => {
    expect(bank.output.filter((line) => /^(phone|tablet): /.test(line))).toEqual([
      'phone: POST /auth/register 201',
      'phone: GET /inbox 200',
      'phone: in the background until its session has expired',
      'phone: GET /inbox 401 UNAUTHENTICATED',
      'phone: POST /auth/login 200',
      'phone: in the background until its login is not recent',
      'phone: POST /payments 403 REAUTHENTICATION_REQUIRED',
      'phone: POST /auth/reauthenticate 200',
      'phone: POST /payments 201',
      'tablet: POST /auth/login 200',
      'tablet: DELETE /auth/sessions/… 204',
      'phone: GET /inbox 401 UNAUTHENTICATED',
      'tablet: GET /inbox 200',
    ]);
  });

  it('goes on serving when the devices are done', async () => {
    expect((await fetch(`${bank.url}/inbox`)).status).toBe(401);
  });
});
