import type { Cluster, Redis } from 'ioredis';
import { InvalidOptionsError, problemOfClient, unknownOptions } from '../../options/index.js';
import { isGuessable, MAKE_A_SECRET } from '../../session/index.js';
import {
  type AcceptedAttempt,
  type FailedAttempt,
  type LoginAttempt,
  LoginThrottle,
  type ThrottledAttempt,
} from '../login-throttle.js';
import { AccountCounters, type Standing, STOP_FAILURES } from './account-counters.js';
import { clientNetworks } from './client-networks.js';
import { newDeviceId, signDeviceToken, verifyDeviceToken } from './device-token.js';
import { exceeded, type Refusal, refuse, spent } from './refusal.js';
import {
  resolveThrottleLimits,
  throttleLimitProblems,
  type ThrottleLimits,
  type ThrottlePolicies,
} from './throttle-limits.js';
import { AccountKeys } from './throttle-keys.js';
import { ThrottleRedis } from './throttle.scripts.js';
import { type CountedWindow, WindowCounters } from './window-counters.js';

export interface RedisLoginThrottleOptions extends ThrottleLimits {
  /** A connected ioredis client; it stays the host's to close. */
  client: Redis | Cluster;
  /** What every Redis key begins with. @default 'lk:' */
  prefix?: string;
  /**
   * Sign the tokens by which devices are known again; the first signs, all verify. SessionModule's `secrets` will do.
   * @default none: no device is known, and whoever tries somebody's password keeps him out as well
   */
  secrets?: readonly string[];
}

// Longer than any session lives that somebody could go on guessing in.
const SESSION_POLICY = { name: 'session', quota: 5, windowSeconds: 90 * 86_400 };

/** An attempt that was let in. */
interface Begun {
  attempt: LoginAttempt;
  account: AccountKeys;
  standing: Standing;
  deviceId: string;
  windows: CountedWindow[];
}

const STOPPED =
  'Too many failed attempts in a row. Set a new password, or ask for the account to be unlocked.';
const MIN_SECRET_LENGTH = 32;
const KNOWN: Record<keyof RedisLoginThrottleOptions, true> = {
  client: true,
  prefix: true,
  secrets: true,
  accountFailures: true,
  addressFailures: true,
  mails: true,
  networkFailures: true,
  networkRegistrations: true,
  registrations: true,
  serviceFailures: true,
};

function problemsOf({ client, secrets = [], prefix, ...limits }: RedisLoginThrottleOptions): string[] {
  const strong = (secret: unknown) =>
    typeof secret === 'string' && secret.length >= MIN_SECRET_LENGTH && !isGuessable(secret);
  return [
    ...unknownOptions({ ...limits }, KNOWN),
    problemOfClient(client),
    prefix !== undefined && typeof prefix !== 'string' && 'prefix: must be a text.',
    !(Array.isArray(secrets) && secrets.every(strong)) &&
      `secrets: must be a list, every entry of at least ${MIN_SECRET_LENGTH} random characters; ${MAKE_A_SECRET}.`,
    ...throttleLimitProblems(limits),
  ].filter((problem) => typeof problem === 'string');
}

/**
 * Counts failures in Redis for all nodes together: per account, known or not, with a back-off that doubles and a stop
 * after 100 in a row; per address, per network and for the whole service in windows of time. A device that has logged
 * in to the account before is counted by itself and by nothing else, so nobody can keep its owner out.
 *
 * Attempts that were let in together are judged by what the others of them found out meanwhile, so that sending many
 * guesses at once gets no more of them answered than sending them one by one.
 *
 * Four commands in one round trip to begin; one and then three for a failure; three and then one for a success. For a
 * known device four, one and one. All of them are scripts on one key or on keys of one slot.
 */
export class RedisLoginThrottle extends LoginThrottle {
  private readonly prefix: string;
  private readonly secrets: readonly string[];
  private readonly policies: ThrottlePolicies;
  private readonly accounts: AccountCounters;
  private readonly windows: WindowCounters;

  /** @throws InvalidOptionsError */
  constructor(options: RedisLoginThrottleOptions) {
    super();
    InvalidOptionsError.throwFor('RedisLoginThrottle cannot be made', problemsOf(options));
    const { client, prefix = 'lk:', secrets = [], ...limits } = options;
    const { accountFailures, policies } = resolveThrottleLimits(limits);
    this.prefix = prefix;
    this.secrets = secrets;
    this.policies = policies;
    const redis = new ThrottleRedis(client);
    this.accounts = new AccountCounters(redis, accountFailures);
    this.windows = new WindowCounters(redis);
  }

  async begin(attempt: LoginAttempt): Promise<ThrottledAttempt> {
    if (attempt.act === 'register' || attempt.act === 'request-reset') {
      return this.beginMailing(attempt, attempt.act);
    }
    const account = this.keysOf(attempt.account);
    const windows = this.failureWindows(attempt.ip);
    const device = verifyDeviceToken(attempt.deviceToken, attempt.account, this.secrets);
    // Asked in one go, also for a device that turns out to be known: its owner waits for one round trip like all others.
    const [standing, counts] = await Promise.all([
      this.accounts.begin(account, device),
      this.windows.read(windows),
    ]);
    const refusals = standing.known ? [] : spent(counts);
    if (standing.waitMs > 0) refusals.push(this.refusalOf(standing, standing));
    refuse(refusals);
    const deviceId = standing.known && device ? device.id : newDeviceId();
    const begun: Begun = { attempt, account, standing, deviceId, windows: standing.known ? [] : windows };
    return { failed: () => this.fail(begun), succeeded: () => this.succeed(begun) };
  }

  async reset(account: string): Promise<void> {
    await this.accounts.reset(this.keysOf(account));
  }

  async forgetDevices(account: string): Promise<AcceptedAttempt> {
    const forgottenMs = await this.accounts.forgetDevices(this.keysOf(account));
    return this.acceptedOn(account, newDeviceId(), forgottenMs + 1);
  }

  private async beginMailing(
    { account, ip }: LoginAttempt,
    act: 'register' | 'request-reset',
  ): Promise<ThrottledAttempt> {
    const { address, network } = clientNetworks(ip);
    let nowMs = 0;
    // However it ends, an attempt counts. One limit after the other: what a narrow one refuses uses up nobody else's share
    // of a wider one, and makes no key for an e-mail.
    for (const window of [
      this.window(act, address),
      this.window(`${act}-network`, network),
      { policy: this.policies.mail, key: this.keysOf(account).mails },
    ]) {
      const counts = await this.windows.count([window]);
      refuse(exceeded(counts));
      nowMs = Math.max(nowMs, ...counts.map((count) => count.nowMs));
    }
    return {
      failed: () => Promise.resolve({ endSession: false }),
      succeeded: () => Promise.resolve(this.acceptedOn(account, newDeviceId(), nowMs)),
    };
  }

  private async fail({ attempt, account, standing, windows }: Begun): Promise<FailedAttempt> {
    const ending = await this.accounts.fail(standing.counter, standing.failures);
    const sessionId = ending.counted ? attempt.sessionId : undefined;
    const ofSession =
      sessionId === undefined ? [] : [{ policy: SESSION_POLICY, key: account.session(sessionId) }];
    const [counts, ofThisSession] = await Promise.all([
      // Also for an attempt that will not be answered: it has cost a hash.
      this.windows.count(windows),
      this.windows.count(ofSession),
      // What is guessed inside a session counts for everybody, whatever device the session is on.
      ...(standing.known && sessionId !== undefined ? [this.accounts.fail(account)] : []),
    ]);
    refuse([...exceeded(counts), ...(ending.counted ? [] : [this.refusalOf(standing, ending)])]);
    return { endSession: ofThisSession.some(({ count, policy }) => count >= policy.quota) };
  }

  private async succeed({ attempt, standing, deviceId, windows }: Begun): Promise<AcceptedAttempt> {
    // Before the failures are forgotten: a refused attempt must leave no trace of having been right.
    refuse(spent(await this.windows.read(windows)));
    const ending = await this.accounts.succeed(standing.counter, standing.failures);
    if (!ending.counted) refuse([this.refusalOf(standing, ending)]);
    const knownDevice = this.secrets.length === 0 ? undefined : standing.known;
    return { ...this.acceptedOn(attempt.account, deviceId, standing.nowMs), knownDevice };
  }

  /** @param issuedMs before the password was read: when it is changed meanwhile, the device is forgotten with the others */
  private acceptedOn(account: string, deviceId: string, issuedMs: number): AcceptedAttempt {
    const [secret] = this.secrets;
    return secret === undefined
      ? {}
      : { deviceToken: signDeviceToken(account, { id: deviceId, issuedMs }, secret) };
  }

  private failureWindows(ip: string): CountedWindow[] {
    const { address, network } = clientNetworks(ip);
    return [this.window('address', address), this.window('network', network), this.window('service')];
  }

  private window(name: keyof ThrottlePolicies, value?: string): CountedWindow {
    const key = `${this.prefix}throttle:${name}${value === undefined ? '' : `:${value}`}`;
    return { policy: this.policies[name], key };
  }

  private keysOf(account: string): AccountKeys {
    return new AccountKeys(this.prefix, account);
  }

  private refusalOf(standing: Standing, now: Pick<Standing, 'failures' | 'waitMs'>): Refusal {
    const refusal = {
      policy: this.accounts.policyOf(standing),
      key: standing.counter.failures,
      waitMs: now.waitMs,
    };
    return now.failures >= STOP_FAILURES ? { ...refusal, message: STOPPED } : refusal;
  }
}
