import { Inject, Injectable } from '@nestjs/common';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { normaliseEmail } from '../email.js';
import type { Revocation } from '../../session/index.js';
import type { ChangeRecording } from '../security-events.js';
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
   * @returns whether a failover cannot undo that, as far as the store has told
   * @throws UnknownUserError
   * @throws PasswordChangedError `expectedHash` is not the stored one any more
   * @throws SessionStoreUnavailableError the password may be set; the sessions end as soon as they can be reached then
   */
  async set(
    { user }: Pick<UserCredentials, 'user'>,
    newHash: string,
    change: Pick<ChangePasswordOptions, 'expectedHash' | 'recording'>,
  ): Promise<Pick<Revocation, 'durable'>> {
    const { userStore, throttle } = this.options;
    const account = normaliseEmail(user.email);
    // Before and after, as PasswordService does and for its reasons.
    await throttle.forgetDevices(account);
    let ended: Pick<Revocation, 'durable'> = {};
    const recording: ChangeRecording = {
      eventsOf: (after, before) => change.recording?.eventsOf(after, before) ?? [],
      committed: (events) => change.recording?.committed(events),
      ended: (revocation) => {
        ended = revocation;
        change.recording?.ended?.(revocation);
      },
    };
    await userStore.changePassword(user.id, newHash, { ...change, recording });
    await startAnew(throttle, account);
    return { durable: ended.durable };
  }
}
