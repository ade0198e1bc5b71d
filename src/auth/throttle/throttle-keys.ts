import { createHash } from 'node:crypto';

/** A counter with back-off: how many failures there were in a row, and the lock that the last of them put on. */
export interface CounterKeys {
  failures: string;
  lock: string;
}

// 128 bits: nobody reads from Redis who has tried to log in, and no two e-mails meet.
const DIGEST_LENGTH = 22;

// A device is counted under the first character of its id. So an account has at most 64 such counters, whoever collects
// tokens for it, and they can be deleted by name.
const DEVICE_SLOTS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

/** The keys of one account, known or not. They share a hash slot, so one script can change them, in Redis Cluster too. */
export class AccountKeys implements CounterKeys {
  private readonly base: string;

  /** @param account normalised e-mail */
  constructor(prefix: string, account: string) {
    const digest = createHash('sha256').update(account).digest('base64url').slice(0, DIGEST_LENGTH);
    this.base = `${prefix}throttle:{${digest}}`;
  }

  get failures(): string {
    return `${this.base}:failures`;
  }

  get lock(): string {
    return `${this.base}:lock`;
  }

  /** The counter of a known device. @param deviceId base64url */
  device(deviceId: string): CounterKeys {
    const slot = `${this.base}:device:${deviceId.charAt(0)}`;
    return { failures: `${slot}:failures`, lock: `${slot}:lock` };
  }

  /** When the account's devices were last forgotten. */
  get forgotten(): string {
    return `${this.base}:forgotten`;
  }

  /** What may have sent a mail to it. */
  get mails(): string {
    return `${this.base}:mails`;
  }

  /** Failed re-authentications of one session. @param sessionId its handle */
  session(sessionId: string): string {
    return `${this.base}:session:${sessionId}`;
  }

  /** Every counter of the account and of its devices. */
  get counters(): string[] {
    return [this, ...DEVICE_SLOTS.map((slot) => this.device(slot))].flatMap(({ failures, lock }) => [
      failures,
      lock,
    ]);
  }
}
