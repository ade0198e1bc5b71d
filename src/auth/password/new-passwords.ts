import { Inject, Injectable } from '@nestjs/common';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import type { PasswordOwner } from './context-words.js';
import { PasswordPolicy } from './password-policy.js';

/** A new password that the policy took, in the form that is hashed. Comes from `NewPasswords.accept`. */
export interface AcceptedPassword {
  readonly normalised: string;
  /** The field of the input that held it. */
  readonly path: string;
}

/**
 * The way of every password that is set, over HTTP, on the command line or by a host: first what costs nothing, then,
 * when the act itself may go on (it is not throttled, the present password was right), what costs a hash.
 */
@Injectable()
export class NewPasswords {
  constructor(
    private readonly policy: PasswordPolicy,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'hasher'>,
  ) {}

  /** @param path the field of the input that holds it, for the answer @throws PasswordTooWeakError */
  accept(password: string, owner: PasswordOwner, path = 'password'): AcceptedPassword {
    return { normalised: this.policy.check(password, owner, path), path };
  }

  /**
   * @param signal aborted when nobody waits for the result any more
   * @throws LoginBusyError, RequestAbandonedError
   */
  async hash({ normalised }: AcceptedPassword, signal?: AbortSignal): Promise<string> {
    return this.options.hasher.hash(normalised, signal);
  }
}
