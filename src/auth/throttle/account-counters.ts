import type { RateLimitPolicy } from '../auth.errors.js';
import { DEVICE_LIFETIME_MS, type KnownDevice } from './device-token.js';
import type { AccountKeys, CounterKeys } from './throttle-keys.js';
import type { ThrottleRedis } from './throttle.scripts.js';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;
const FIRST_LOCK_MS = 30 * SECOND;
const LONGEST_LOCK_MS = 3_600 * SECOND;
const STOP_MEMORY_MS = 365 * DAY;

/** NIST SP 800-63B-4, section 3.2.2: after at most 100 failures in a row an authenticator is not to be tried further. */
export const STOP_FAILURES = 100;

// Waiting ends a stop after a year only; a client that comes back every day is told so in time when it has been lifted.
const STOPPED_RETRY_MS = DAY;

/** What stood against an attempt when it began. */
export interface Standing {
  /** Redis's time, ms. */
  nowMs: number;
  /** Whether the device is known, so that only its own counter counts. */
  known: boolean;
  counter: CounterKeys;
  failures: number;
  /** How long no attempt is let in, ms; 0 when this one is. */
  waitMs: number;
}

/** What became of an attempt's end; `counted` is false when others had locked the counter meanwhile. */
export interface Ending {
  counted: boolean;
  failures: number;
  waitMs: number;
}

/**
 * The failures of accounts and of their known devices, in a row each: the fifth locks, each further one twice as long,
 * the hundredth stops. One command each.
 */
export class AccountCounters {
  /** @param threshold the failure from which on each locks */
  constructor(
    private readonly redis: ThrottleRedis,
    private readonly threshold: number,
  ) {}

  /** What the limit looks like from outside: so many failures a day before the first lock. */
  policyOf({ known }: Pick<Standing, 'known'>): RateLimitPolicy {
    return { name: known ? 'device' : 'account', quota: this.threshold, windowSeconds: DAY / SECOND };
  }

  /** @param device whose token verifies; whether it is still known is for Redis to say */
  async begin(account: AccountKeys, device: KnownDevice | undefined): Promise<Standing> {
    const own = account.device(device?.id ?? '');
    const keys = [account.failures, account.lock, own.failures, own.lock, account.forgotten];
    const { nowMs, known, failures, lockMs } = await this.redis.integers(
      this.redis.client.lkBeginAttempt(...keys, device?.issuedMs ?? '', DEVICE_LIFETIME_MS, STOP_FAILURES),
      'nowMs',
      'known',
      'failures',
      'lockMs',
    );
    const counter = known === 1 ? own : account;
    return { nowMs, known: known === 1, counter, failures, waitMs: waitOf(failures, lockMs) };
  }

  /** @param seen failures when the attempt began; left out, the failure counts whenever there is no lock */
  async fail(counter: CounterKeys, seen = Number.MAX_SAFE_INTEGER): Promise<Ending> {
    return this.end(
      this.redis.client.lkFailAttempt(
        counter.failures,
        counter.lock,
        seen,
        this.threshold,
        STOP_FAILURES,
        FIRST_LOCK_MS,
        LONGEST_LOCK_MS,
        DAY,
        STOP_MEMORY_MS,
      ),
    );
  }

  /** @param seen failures when the attempt began */
  async succeed(counter: CounterKeys, seen: number): Promise<Ending> {
    return this.end(this.redis.client.lkSucceedAttempt(counter.failures, counter.lock, seen, this.threshold));
  }

  /** Forgets what is counted against an account and its devices. */
  async reset(account: AccountKeys): Promise<void> {
    await this.redis.answered(this.redis.client.unlink(...account.counters));
  }

  /** Makes every device unknown. @returns since when, ms by Redis's clock; a token must be younger */
  async forgetDevices(account: AccountKeys): Promise<number> {
    return Number(
      await this.redis.answered(this.redis.client.lkForgetDevices(account.forgotten, DEVICE_LIFETIME_MS)),
    );
  }

  private async end(reply: Promise<unknown>): Promise<Ending> {
    const { counted, failures, lockMs } = await this.redis.integers(reply, 'counted', 'failures', 'lockMs');
    return { counted: counted === 1, failures, waitMs: waitOf(failures, lockMs) };
  }
}

function waitOf(failures: number, lockMs: number): number {
  return failures >= STOP_FAILURES ? STOPPED_RETRY_MS : lockMs;
}
