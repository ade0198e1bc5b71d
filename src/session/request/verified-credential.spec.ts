import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request } from 'express';
import { fakeRequest } from '../../../test/support/fake-request.js';
import { verifiedToken } from './verified-credential.js';

describe('verifiedToken', () => {
  const verify = jest.fn((sent: string) => (sent.startsWith('good') ? `token of ${sent}` : undefined));
  let req: Request;

  beforeEach(() => {
    verify.mockClear();
    req = fakeRequest();
  });

  it('verifies what a connection sends again and again once', () => {
    const [first, second] = [verifiedToken(req, 'good', verify), verifiedToken(req, 'good', verify)];
    expect([first, second]).toEqual(['token of good', 'token of good']);
    expect(verify).toHaveBeenCalledTimes(1);
  });

  it('verifies whatever is not that, to the last character', () => {
    verifiedToken(req, 'good', verify);
    for (const sent of ['good ', 'goo', 'Good', '']) verifiedToken(req, sent, verify);
    expect(verify).toHaveBeenCalledTimes(5);
    expect(verifiedToken(req, 'bad', verify)).toBeUndefined();
  });

  it('remembers nothing that did not verify', () => {
    verifiedToken(req, 'bad', verify);
    verifiedToken(req, 'bad', verify);
    expect(verify).toHaveBeenCalledTimes(2);
  });

  it('takes nothing that was verified as something else, or on another connection', () => {
    verifiedToken(req, 'good', verify);
    const asBearer = jest.fn(() => undefined);
    expect(verifiedToken(req, 'good', asBearer)).toBeUndefined();
    verifiedToken(fakeRequest(), 'good', verify);
    expect(verify).toHaveBeenCalledTimes(2);
  });
});
