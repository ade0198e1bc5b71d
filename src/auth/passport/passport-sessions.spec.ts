import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { Authenticator } from 'passport';
import type { SessionPrincipal } from '../../session/index.js';
import { ALICE, fakeRequest } from '../../../test/support/fake-request.js';
import { PassportSessions } from './passport-sessions.js';

type LogIn = (user: unknown, done: (error?: unknown) => void) => void;
type LogOut = (done: (error?: unknown) => void) => void;

describe('PassportSessions', () => {
  const prepare = (failure?: Error) => {
    const calls: [string, SessionPrincipal?][] = [];
    const authenticator = new Authenticator();
    authenticator.serializeUser((user, done) => done(null, { id: (user as SessionPrincipal).id }));
    const act = async (...call: [string, SessionPrincipal?]) => {
      calls.push(call);
      if (failure) throw failure;
    };
    const manager = new PassportSessions(authenticator, {
      logIn: (_req, user) => act('logIn', user),
      logOut: () => act('logOut'),
    });
    Object.assign(authenticator, { _sm: manager });
    const req = fakeRequest();
    void (
      authenticator.initialize({ compat: false }) as (req: Request, res: unknown, next: () => void) => void
    )(req, {}, () => undefined);
    const logIn = () => new Promise<unknown>((resolve) => (req.logIn as LogIn)(ALICE, resolve));
    const logOut = () => new Promise<unknown>((resolve) => (req.logOut as LogOut)(resolve));
    return { calls, logIn, logOut, req };
  };

  it('makes a session of the serialized user for req.logIn', async () => {
    const { calls, logIn } = prepare();
    expect(await logIn()).toBeUndefined();
    expect(calls).toEqual([['logIn', { id: 'alice', disabled: false }]]);
  });

  it('ends the session for req.logOut', async () => {
    const { calls, logOut, req } = prepare();
    expect(await logOut()).toBeUndefined();
    expect(calls).toEqual([['logOut']]);
    expect(req.isAuthenticated()).toBe(false);
  });

  it('hands failures on', async () => {
    const failure = new Error('no store');
    const { logIn, logOut, req } = prepare(failure);
    expect(await logIn()).toBe(failure);
    expect(req.isAuthenticated()).toBe(false);
    expect(await logOut()).toBe(failure);
  });
});
