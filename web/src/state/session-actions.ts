import * as auth from '../api/auth.js';
import type { LoggedIn } from '../api/types.js';
import { tellTabs } from '../live/tabs.js';
import { rotating, setLoggedIn, setLoggedOut } from './who.js';

/** Runs a call that logs in, and tells the other tabs of this browser. */
export async function enter(run: () => Promise<LoggedIn>): Promise<void> {
  setLoggedIn(await rotating(run));
  tellTabs({ name: 'who', data: {} });
}

/** Ends this session. */
export async function leave(): Promise<void> {
  await rotating(auth.logOut);
  setLoggedOut('logout');
  tellTabs({ name: 'ended', data: { reason: 'logout' } });
}

/** Proves presence with the password; this session gets a new id. */
export const stepUpWith = (password: string) => enter(() => auth.reauthenticate(password));

/** Changes the password; this session gets a new id, all others end. */
export const changePassword = (body: { currentPassword: string; newPassword: string }) =>
  enter(() => auth.changePassword(body));
