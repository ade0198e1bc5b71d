import type { SessionPrincipal, SessionView } from '../session/index.js';

/** A login to an account from a device that it does not know. */
export interface NewDeviceLogin {
  /** Whose account it is: whom to tell. */
  user: SessionPrincipal;
  /** What was made: when, from which address, with which browser and system. Its id can be revoked and opens nothing. */
  session: SessionView;
}

/**
 * Port: hears of logins from new devices, so that the owner of the account can be told. A device is new when the login
 * brought no device token that the throttle still knows for this account: at the first login on it, after a year without
 * one, and after every change of the password. Registering is no login, and a throttle without `secrets` knows no
 * devices, so nothing is raised.
 * @see OWASP ASVS 5.0, 6.3.5
 */
export abstract class LoginNotifier {
  /**
   * Called after the answer to the login has left: what it does, and how long, neither delays nor fails the login. When
   * it rejects, or takes longer than 30 s, it is called again up to three times within about two minutes, on this node
   * and in memory; it may be called twice for one login.
   */
  abstract onNewDevice(login: NewDeviceLogin): Promise<void> | void;
}
