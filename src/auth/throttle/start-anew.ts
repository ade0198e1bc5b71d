import type { AcceptedAttempt, LoginThrottle } from '../login-throttle.js';

/**
 * What a new password, or a new account, means to the throttle: earlier failures do not count any more, also after a
 * stop, and devices that knew an earlier password are unknown.
 * @param account normalised e-mail
 * @returns a token for the device on which the password was changed
 * @throws SessionStoreUnavailableError
 */
export async function startAnew(throttle: LoginThrottle, account: string): Promise<AcceptedAttempt> {
  const [accepted] = await Promise.all([throttle.forgetDevices(account), throttle.reset(account)]);
  return accepted;
}
