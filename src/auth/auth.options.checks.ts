import {
  type Check,
  cookieProblems,
  failed,
  hasMethods,
  isFilled,
  isTextList,
  isWhole,
  methodsMissing,
  named,
  unknownOptions,
} from '../options/index.js';
import type { ResolvedSessionOptions } from '../session/index.js';
import type { AuthModuleOptions } from './auth.module-definition.js';
import { passwordProblems } from './password/password.options.checks.js';

// Beyond that nobody has «proved presence recently», and the step-up would be one in name only.
const LONGEST_REAUTH_WINDOW_MS = 24 * 3_600_000;

// The compiler sees to it that none is forgotten.
const KNOWN: Record<keyof AuthModuleOptions, true> = {
  adminRole: true,
  argon2: true,
  breachedPasswords: true,
  clearSiteData: true,
  contextWords: true,
  cookie: true,
  events: true,
  hashConcurrency: true,
  hashObserver: true,
  hashQueueLength: true,
  hasher: true,
  loadUser: true,
  mailSender: true,
  notifier: true,
  oneTimeTokens: true,
  origins: true,
  passwordMinLength: true,
  reauthWindowMs: true,
  registration: true,
  registrationLifetimeMs: true,
  resetLifetimeMs: true,
  threadPoolSize: true,
  throttle: true,
  userStore: true,
};
const HINTS = { isGlobal: 'it stands beside useFactory, not in what that returns.' };

/** What both modules have to agree on. */
export type SharedOptions = Pick<ResolvedSessionOptions, 'cookie' | 'adminRole'>;

/** Everything that is wrong with what a host passed, by name, never by value. */
export function problemsOf(options: AuthModuleOptions, session?: SharedOptions): string[] {
  return [
    ...unknownOptions(options, KNOWN, { hints: HINTS }),
    ...portProblems(options),
    ...registrationProblems(options),
    ...passwordProblems(options),
    ...otherProblems(options),
    ...sharedProblems(options, session),
  ];
}

function portProblems(options: Partial<AuthModuleOptions>): string[] {
  const { userStore, throttle, hasher, notifier, events, breachedPasswords, hashObserver, loadUser } =
    options;
  const missing = methodsMissing(userStore, [
    'findByEmail',
    'findCredentials',
    'create',
    'rehash',
    'changePassword',
  ]);
  return failed(
    [
      missing.length === 0,
      `userStore: pass an object with the methods of UserStore; missing: ${missing.join(', ')}.`,
    ],
    [
      hasMethods(throttle, ['begin', 'reset', 'forgetDevices']),
      'throttle: pass new RedisLoginThrottle({ client }) with an ioredis client, or a LoginThrottle of your own.',
    ],
    [
      loadUser === undefined || typeof loadUser === 'function',
      'loadUser: pass a function that returns your user for a principal, or leave it out to have the principal.',
    ],
    [
      hasher === undefined || hasMethods(hasher, ['hash', 'verify', 'needsRehash']),
      'hasher: pass a PasswordHasher, or leave it out for argon2id.',
    ],
    [
      notifier === undefined || hasMethods(notifier, ['onNewDevice']),
      'notifier: pass a LoginNotifier, or leave it out to tell nobody of new devices.',
    ],
    [
      events === undefined || hasMethods(events, ['record']),
      'events: pass a SecurityEvents, or leave it out to keep no trail.',
    ],
    [
      breachedPasswords === undefined || hasMethods(breachedPasswords, ['isBreached']),
      'breachedPasswords: pass a BreachedPasswords, or leave it out to ask nobody.',
    ],
    [
      hashObserver === undefined || hasMethods(hashObserver, ['onHash', 'onRefused']),
      'hashObserver: pass a HashObserver, or leave it out.',
    ],
  );
}

function registrationProblems({
  registration,
  mailSender,
  oneTimeTokens,
  ...options
}: AuthModuleOptions): string[] {
  const confirming = registration === 'confirm';
  return failed(
    [
      registration === undefined || ['open', 'closed', 'confirm'].includes(registration),
      "registration: must be 'open', 'closed' or 'confirm'.",
    ],
    [
      mailSender === undefined
        ? !confirming
        : hasMethods(mailSender, ['sendRegistration', 'sendAccountExists']),
      'mailSender: pass a MailSender; registrations that are to be confirmed need one.',
    ],
    [
      oneTimeTokens === undefined ? !confirming : hasMethods(oneTimeTokens, ['put', 'find', 'take']),
      'oneTimeTokens: pass new RedisOneTimeTokenStore({ client }) or a OneTimeTokenStore of your own; registrations that are to be confirmed need one.',
    ],
    ...(['registrationLifetimeMs', 'resetLifetimeMs'] as const).map((name): Check => [
      options[name] === undefined || isWhole(options[name], 1),
      `${name}: must be a whole number of milliseconds, at least 1.`,
    ]),
  );
}

function otherProblems({ reauthWindowMs, origins, clearSiteData, adminRole }: AuthModuleOptions): string[] {
  const window = reauthWindowMs ?? 1;
  return failed(
    [
      typeof window === 'number' && window > 0 && window <= LONGEST_REAUTH_WINDOW_MS,
      'reauthWindowMs: must be a positive number of milliseconds, at most a day.',
    ],
    [
      origins === undefined ||
        typeof origins === 'function' ||
        (isTextList(origins) && origins.every(isOrigin)),
      'origins: every entry must be an origin such as https://app.example.com.',
    ],
    [
      clearSiteData === undefined ||
        (isTextList(clearSiteData) && clearSiteData.every((type) => /^[a-zA-Z*]+$/.test(type))),
      "clearSiteData: every entry must be a type of data such as 'cache', without quotes.",
    ],
    [adminRole === undefined || isFilled(adminRole), 'adminRole: must be the name of a role.'],
  );
}

/** A cookie that another module sets cannot be deleted under another name, nor an admin be told by another role. */
function sharedProblems({ cookie, adminRole }: AuthModuleOptions, session?: SharedOptions): string[] {
  if (cookie !== undefined && !named(cookie)) return ['cookie: must be an object.'];
  const differs =
    session !== undefined &&
    Object.entries({ ...cookie }).some(([name, value]) => value !== (session.cookie as never)[name]);
  return [
    ...(cookie ? cookieProblems(cookie) : []),
    ...failed(
      [!differs, "cookie: is another one than SessionModule's; leave it out here, and both have the same."],
      [
        session === undefined || adminRole === undefined || adminRole === session.adminRole,
        "adminRole: is another one than SessionModule's; leave it out here, and both have the same.",
      ],
    ),
  ];
}

function isOrigin(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && url.origin !== 'null' && url.href === `${url.origin}/`;
}
