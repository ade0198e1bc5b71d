import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { RateLimiterRedis, type RateLimiterRes } from 'rate-limiter-flexible';
import { SessionStoreUnavailableError } from '../../session/index.js';
import { type RateLimitPolicy, TooManyAttemptsError } from '../auth.errors.js';
import { type LoginAttempt, LoginThrottle, type ThrottledAttempt } from '../login-throttle.js';
import { addressNetwork } from './address-network.js';

export interface RedisLoginThrottleOptions {
  /** A connected ioredis client; it stays the host's to close. */
  client: Redis | Cluster;
  /** What every Redis key begins with. @default 'lk:' */
  prefix?: string;
  /** The failure of one account from which on each locks it: 30 s, then twice as long each time, at most 1 h. @default 5 */
  accountFailures?: number;
  /** How many failures one address may have in 15 minutes, over all accounts. @default 100 */
  addressFailures?: number;
  /** How many accounts one address may try to register in an hour. @default 60 */
  registrations?: number;
}

const FIRST_LOCK_SECONDS = 30;
const LONGEST_LOCK_SECONDS = 3600;
// How long failures of an account are remembered, from the first one on.
const ACCOUNT_WINDOW_SECONDS = 86_400;
const ADDRESS_WINDOW_SECONDS = 900;
const REGISTRATION_WINDOW_SECONDS = 3600;

/**
 * Counts failures in Redis, per account and per address, for all nodes together. Accounts are counted by the SHA-256 of
 * their e-mail, known or not. Attempts that were let in together are judged by what the others of them found out
 * meanwhile, so that sending many guesses at once gets no more of them answered than sending them one by one.
 *
 * One GET with its TTL per counter to begin, one script per counter for a failure, a GET and a DEL for a success, two DELs
 * for a reset.
 */
export class RedisLoginThrottle extends LoginThrottle {
  private readonly failures: RateLimiterRedis;
  private readonly locks: RateLimiterRedis;
  private readonly addresses: RateLimiterRedis;
  private readonly registrations: RateLimiterRedis;

  constructor(options: RedisLoginThrottleOptions) {
    super();
    const {
      client,
      prefix = 'lk:',
      accountFailures = 5,
      addressFailures = 100,
      registrations = 60,
    } = options;
    const limiter = (name: string, points: number, duration: number) =>
      new RateLimiterRedis({ storeClient: client, keyPrefix: `${prefix}throttle:${name}`, points, duration });
    this.failures = limiter('account', accountFailures, ACCOUNT_WINDOW_SECONDS);
    this.locks = limiter('lock', 1, LONGEST_LOCK_SECONDS);
    this.addresses = limiter('address', addressFailures, ADDRESS_WINDOW_SECONDS);
    this.registrations = limiter('register', registrations, REGISTRATION_WINDOW_SECONDS);
  }

  async begin(attempt: LoginAttempt): Promise<ThrottledAttempt> {
    const address = addressNetwork(attempt.ip);
    if (attempt.act === 'register') return this.beginRegistration(address);
    const account = keyOf(attempt.account);
    const [failures, lock, ofAddress] = await Promise.all([
      read(this.failures.get(account)),
      read(this.locks.get(account)),
      read(this.addresses.get(address)),
    ]);
    if (lock) throw new TooManyAttemptsError(policyOf('account', this.failures), secondsOf(lock));
    if (ofAddress && ofAddress.consumedPoints >= this.addresses.points) {
      throw new TooManyAttemptsError(policyOf('address', this.addresses), secondsOf(ofAddress));
    }
    const seen = failures?.consumedPoints ?? 0;
    return {
      failed: () => this.fail(account, address, seen),
      succeeded: () => this.succeed(account, seen),
    };
  }

  async reset(account: string): Promise<void> {
    const key = keyOf(account);
    // The lock last: an attempt in between finds either the lock or no failures.
    await written(this.failures.delete(key));
    await written(this.locks.delete(key));
  }

  private async beginRegistration(address: string): Promise<ThrottledAttempt> {
    const attempts = await written(this.registrations.penalty(address));
    if (attempts.consumedPoints > this.registrations.points) {
      throw new TooManyAttemptsError(policyOf('register', this.registrations), secondsOf(attempts));
    }
    // Every attempt counts, however it ends.
    const counted = () => Promise.resolve();
    return { failed: counted, succeeded: counted };
  }

  private async fail(account: string, address: string, seen: number): Promise<void> {
    const [{ consumedPoints }] = await Promise.all([
      written(this.failures.penalty(account)),
      written(this.addresses.penalty(address)),
    ]);
    if (consumedPoints >= this.failures.points)
      await written(this.locks.block(account, this.lockSeconds(consumedPoints)));
    this.refuseIfOvertaken(consumedPoints - 1, seen);
  }

  private async succeed(account: string, seen: number): Promise<void> {
    const failures = await read(this.failures.get(account));
    if (!failures) return;
    this.refuseIfOvertaken(failures.consumedPoints, seen);
    await written(this.failures.delete(account));
  }

  /** Others have brought the account to its lock since this attempt began: it would not have been let in after them. */
  private refuseIfOvertaken(failuresOfOthers: number, seen: number): void {
    if (failuresOfOthers <= seen || failuresOfOthers < this.failures.points) return;
    throw new TooManyAttemptsError(policyOf('account', this.failures), this.lockSeconds(failuresOfOthers));
  }

  private lockSeconds(failures: number): number {
    const doublings = Math.min(failures - this.failures.points, 30);
    return Math.min(FIRST_LOCK_SECONDS * 2 ** doublings, LONGEST_LOCK_SECONDS);
  }
}

// Nobody reads from Redis who has tried to log in.
const keyOf = (account: string) => createHash('sha256').update(account).digest('base64url');

/** A counter's present value; null when nothing is counted. Unknown is not «none»: an outage lets nobody in. */
async function read(reply: Promise<RateLimiterRes | null>): Promise<RateLimiterRes | null> {
  const counter = await written(reply);
  // Inside MULTI a failed GET is a reply like any other, which the limiter takes for a number.
  if (counter && !Number.isFinite(counter.consumedPoints)) throw new SessionStoreUnavailableError();
  return counter;
}

async function written<T>(reply: Promise<T>): Promise<T> {
  try {
    return await reply;
  } catch (cause) {
    throw new SessionStoreUnavailableError({ cause });
  }
}

function policyOf(name: string, limiter: RateLimiterRedis): RateLimitPolicy {
  return { name, quota: limiter.points, windowSeconds: limiter.duration };
}

function secondsOf(counter: RateLimiterRes): number {
  return Math.max(1, Math.ceil(counter.msBeforeNext / 1000));
}
