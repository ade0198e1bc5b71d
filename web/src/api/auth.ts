import { call } from './http.js';
import type { LoggedIn, Revoked, SessionList } from './types.js';

/** Who is logged in here? 401 when nobody is. */
export const whoAmI = () => call<LoggedIn>('/auth/session');

export const logIn = (body: { email: string; password: string; revokeSessionId?: string }) =>
  call<LoggedIn>('/auth/login', { method: 'POST', body });

/** Undefined: the account has to be confirmed by mail. */
export const register = (body: { email: string; password: string; displayName?: string }) =>
  call<LoggedIn | undefined>('/auth/register', { method: 'POST', body });

export const confirmRegistration = (token: string) =>
  call<LoggedIn>('/auth/register/confirm', { method: 'POST', body: { token } });

export const logOut = () => call<void>('/auth/logout', { method: 'POST' });

export const reauthenticate = (password: string) =>
  call<LoggedIn>('/auth/reauthenticate', { method: 'POST', body: { password } });

export const changePassword = (body: { currentPassword: string; newPassword: string }) =>
  call<LoggedIn>('/auth/password', { method: 'PUT', body });

export const mySessions = (signal?: AbortSignal) =>
  call<SessionList>('/auth/sessions', signal ? { signal } : {});

export const endSession = (id: string) =>
  call<void>(`/auth/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });

export const endOtherSessions = () => call<Revoked>('/auth/sessions', { method: 'DELETE' });
