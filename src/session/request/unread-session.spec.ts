import { beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Request } from 'express';
import { fakeRequest } from '../../../test/support/fake-request.js';
import type { SessionState } from '../store/session-state.js';
import { requestStateOf, type RequestState, type UnreadSession } from './request-state.js';
import { offerSession, unreadSession } from './unread-session.js';

const STATE = { token: 'token' } as SessionState;

describe('a session that nobody has looked at', () => {
  let req: Request;
  const made = { cart: ['tea'] } as unknown as Request['session'];
  const install = jest.fn<UnreadSession['store']['install']>((of) => (of.session = made));

  beforeEach(() => {
    install.mockClear();
    req = fakeRequest();
    const arrival = { token: 'token', id: 'token', data: {}, touched: false };
    (requestStateOf(req) as RequestState).arrival = {
      ...arrival,
      unread: offerSession(req, STATE, { install }),
    };
  });

  it('is made when somebody looks, once', () => {
    expect(unreadSession(req)).toBe(STATE);
    expect(install).not.toHaveBeenCalled();
    expect('session' in req).toBe(true);
    expect(req.session).toBe(made);
    expect(req.session).toBe(made);
    expect(install).toHaveBeenCalledTimes(1);
    expect(unreadSession(req)).toBeUndefined();
  });

  it('can be replaced and taken away like any member', () => {
    const other = {} as Request['session'];
    req.session = other;
    expect(req.session).toBe(other);
    expect(Object.getOwnPropertyDescriptor(req, 'session')).toMatchObject({
      writable: true,
      enumerable: true,
    });
    delete (req as Partial<Request>).session;
    expect(req.session).toBeUndefined();
    expect(install).not.toHaveBeenCalled();
  });

  it('is not there any more when it was taken away unseen', () => {
    delete (req as Partial<Request>).session;
    expect(unreadSession(req)).toBeUndefined();
    expect(req.session).toBeUndefined();
  });

  it("is the request's own for whoever inherits from it", () => {
    const heir = Object.create(req) as Request;
    expect(heir.session).toBe(made);
    expect(install).toHaveBeenCalledWith(req, STATE);
    expect(req.session).toBe(made);
  });

  it("stays the request's when an heir is given another", () => {
    const heir = Object.create(req) as Request;
    heir.session = {} as Request['session'];
    expect(unreadSession(req)).toBe(STATE);
    expect(req.session).toBe(made);
  });

  it('is seen and replaced through a proxy', () => {
    const proxy = new Proxy(req, {});
    const other = {} as Request['session'];
    proxy.session = other;
    expect(req.session).toBe(other);
    expect(unreadSession(req)).toBeUndefined();
  });
});
