import type { Response } from 'express';
import type { SessionCookieOptions, SessionView } from '../session/index.js';
import { toUserView, type UserView } from './auth.responses.js';
import type { LoggedIn } from './auth.service.js';
import { keepDeviceToken } from './throttle/device-cookie.js';

/** What a client is told of its new session, as `LoggedInSchema` has it. */
export interface LoggedInAnswer {
  user: UserView;
  session: SessionView;
  token?: string | undefined;
  deviceToken?: string | undefined;
}

/** Hands a new session over: a bearer client gets its device's token in the body, a browser as a cookie. */
export function answerLoggedIn(
  res: Response,
  { user, session, token, deviceToken }: LoggedIn,
  options: { cookie: SessionCookieOptions },
): LoggedInAnswer {
  const answer = { user: toUserView(user), session, token };
  if (token !== undefined) return { ...answer, deviceToken };
  if (deviceToken !== undefined) keepDeviceToken(res, deviceToken, options.cookie);
  return answer;
}
