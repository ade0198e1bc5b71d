import { isWhole } from '../../options/index.js';
import type { RateLimitPolicy } from '../auth.errors.js';

/** How much is let through before attempts are refused. Failures of known devices count for the device only. */
export interface ThrottleLimits {
  /** The failure of one account from which on each locks it: 30 s, then twice as long each time, at most 1 h. @default 5 */
  accountFailures?: number | undefined;
  /** Failures from one address (IPv4 address or IPv6 /64) in 15 minutes, over all accounts. @default 100 */
  addressFailures?: number | undefined;
  /** Failures from one network (IPv4 /24 or IPv6 /48) in 15 minutes, over all accounts. @default 5 times addressFailures */
  networkFailures?: number | undefined;
  /** Failures of the whole service in a minute. It also bounds what unknown names can fill Redis with. @default 1000 */
  serviceFailures?: number | undefined;
  /** Registrations from one address in an hour, however they end, and as many requests for a new password. @default 60 */
  registrations?: number | undefined;
  /** The same from one network in an hour. @default 5 times registrations */
  networkRegistrations?: number | undefined;
  /** The same for one e-mail in an hour: so many mails may somebody send to somebody else. @default 10 */
  mails?: number | undefined;
}

/** The limits that count in windows of time, as clients may read them. */
export type ThrottlePolicies = Record<
  | 'address'
  | 'network'
  | 'service'
  | 'register'
  | 'register-network'
  | 'request-reset'
  | 'request-reset-network'
  | 'mail',
  RateLimitPolicy
>;

const QUARTER_HOUR = 900;
const MINUTE = 60;
const HOUR = 3_600;
// Neighbours are no accomplices; who has a whole network, though, must not have 256 times as many tries.
const NETWORK_FACTOR = 5;
// NIST's 100 failures in a row stop an account; a back-off has to begin before.
const MOST_ACCOUNT_FAILURES = 99;

/** What is wrong with limits that a host has set; one line for all of them. */
export function throttleLimitProblems(limits: ThrottleLimits): string[] {
  const wrong = Object.entries(limits as Record<string, unknown>).filter(([name, limit]) => {
    const most = name === 'accountFailures' ? MOST_ACCOUNT_FAILURES : Number.MAX_SAFE_INTEGER;
    return limit !== undefined && !isWhole(limit, 1, most);
  });
  if (wrong.length === 0) return [];
  const names = wrong.map(([name]) => name).join(', ');
  return [
    `${names}: must be whole numbers of at least 1 (accountFailures: at most ${MOST_ACCOUNT_FAILURES}).`,
  ];
}

/** Puts the defaults in place. */
export function resolveThrottleLimits(limits: ThrottleLimits): {
  accountFailures: number;
  policies: ThrottlePolicies;
} {
  const { addressFailures = 100, registrations = 60 } = limits;
  const resolved = {
    accountFailures: limits.accountFailures ?? 5,
    addressFailures,
    networkFailures: limits.networkFailures ?? addressFailures * NETWORK_FACTOR,
    serviceFailures: limits.serviceFailures ?? 1_000,
    registrations,
    networkRegistrations: limits.networkRegistrations ?? registrations * NETWORK_FACTOR,
    mails: limits.mails ?? 10,
  };
  const policy = (name: string, quota: number, windowSeconds: number) => ({ name, quota, windowSeconds });
  return {
    accountFailures: resolved.accountFailures,
    policies: {
      address: policy('address', resolved.addressFailures, QUARTER_HOUR),
      network: policy('network', resolved.networkFailures, QUARTER_HOUR),
      service: policy('service', resolved.serviceFailures, MINUTE),
      register: policy('register', resolved.registrations, HOUR),
      'register-network': policy('register-network', resolved.networkRegistrations, HOUR),
      'request-reset': policy('request-reset', resolved.registrations, HOUR),
      'request-reset-network': policy('request-reset-network', resolved.networkRegistrations, HOUR),
      mail: policy('mail', resolved.mails, HOUR),
    },
  };
}
