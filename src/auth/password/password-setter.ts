import { Inject, Injectable } from '@nestjs/common';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { normaliseEmail } from '../email.js';
import { startAnew } from '../throttle/start-anew.js';
import type { ChangePasswordOptions, UserCredentials } from '../user-store.js';

/** Sets passwords for whoever need not know the old one: a host, an operator, the reader of a mail. */
@Injectable()
export class PasswordSetter {
  constructor(
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'userStore' | 'throttle'>,
  ) {}

  /**
   * Stores the hash, ends every session of the user, makes every device of his unknown, and lifts what failed logins have
   * put on his account.
   * @throws UnknownUserError
   * @throws PasswordChangedError `expectedHash` is not the stored one any more
   * @throws SessionStoreUnavailableError the password may be set; the sessions end as soon as they can be reached then
   */
  async set(
    { user }: Pick<UserCredentials, 'user'>,
    newHash: string,
    change: Pick<ChangePasswordOptions, 'expectedHash' | 'recording'>,
  ): Promise<void> {
    const { userStore, throttle } = this.options;
    const account = normaliseEmail(user.email);
    // Before and after, as PasswordService does and for its reasons.
    await throttle.forgetDevices(account);
    await userStore.changePassword(user.id, newHash, change);
    await startAnew(throttle, account);
  }
}
