// What requests are given, `req.user` and `req.logOut()` among it, is typed there; a host gets these types with ours.
/// <reference types="passport" preserve="true" />
import type { IncomingMessage } from 'node:http';
import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { Request } from 'express';
import type { SessionCookieOptions, SessionPrincipal } from '../session/index.js';
import type { LoginNotifier } from './login-notifier.js';
import type { LoginThrottle } from './login-throttle.js';
import type { MailSender } from './mail-sender.js';
import type { OneTimeTokenStore } from './one-time-token-store.js';
import type { Argon2Parameters } from './password/argon2.hasher.js';
import type { BreachedPasswords } from './password/breached-passwords.js';
import type { PasswordHasher } from './password-hasher.js';
import type { HashObserver } from './password/hash-observer.js';
import type { QueuedHasher } from './password/queued.hasher.js';
import type { SecurityEvents } from './security-events.js';
import type { UserStore } from './user-store.js';

/** Whether an `Origin`, as a browser sends it, is one that this request may come from. */
export type KnownOrigins = (origin: string, req: IncomingMessage) => boolean;

/** What `AuthModule.forRoot` takes, and a factory of `forRootAsync` returns. Checked at start: InvalidOptionsError. */
export interface AuthModuleOptions {
  /** Where accounts live. */
  userStore: UserStore;
  /** Slows guessing down; `new RedisLoginThrottle({ client })` unless there is one of the host's own. */
  throttle: LoginThrottle;
  /**
   * What `req.user` and `@CurrentUser()` are: the host's own user, of the type that it has declared as `Express.User`. It
   * is asked with every request of a session, so what it costs, every request costs. For null the request is refused as
   * that of a disabled account; when it throws, the request fails. @default the principal as it is
   */
  loadUser?: (
    principal: SessionPrincipal,
    req: Request,
  ) => Express.User | null | Promise<Express.User | null>;
  /** How passwords are hashed. @default new Argon2Hasher(argon2) */
  hasher?: PasswordHasher;
  /** The trail of security events. @default none is kept */
  events?: SecurityEvents;
  /** Hears of logins from new devices; needs a throttle that knows devices. @default nobody does */
  notifier?: LoginNotifier;
  /**
   * Whether visitors may create accounts: never, at once, or when the owner of the e-mail confirms. `confirm` tells
   * nobody whose e-mail has an account, and needs `mailSender` and `oneTimeTokens`. @default 'closed'
   */
  registration?: 'open' | 'closed' | 'confirm';
  /** Sends the mails of registrations and password resets. @default none can be sent */
  mailSender?: MailSender;
  /** Where tokens from mails are kept, for instance `new RedisOneTimeTokenStore({ client })`. @default there are none */
  oneTimeTokens?: OneTimeTokenStore;
  /** How long a registration may wait for its confirmation, ms. @default 86400000 (24 h) */
  registrationLifetimeMs?: number;
  /** How long a token for a new password is good, ms. @default 3600000 (1 h) */
  resetLifetimeMs?: number;
  /** Shortest password that can be set, in code points; at least 8. Never applied at login. @default 15 */
  passwordMinLength?: number;
  /** Names that no password may be made of, such as the product's. @default ['latchkey'] */
  contextWords?: string[];
  /** Asked before a new password is hashed. @default nobody is asked */
  breachedPasswords?: BreachedPasswords;
  /** How long after a login or re-authentication destructive calls are allowed, ms. @default 900000 (15 min) */
  reauthWindowMs?: number;
  /** Cost of the default hasher. @default { memoryKib: 19456, timeCost: 2, parallelism: 1 } */
  argon2?: Argon2Parameters;
  /**
   * At most so many passwords are hashed at a time. @default as many as leave room for everything else: cores - 1
   * threads, three quarters of the thread pool, a quarter of memory; never more than that, never less than 1
   */
  hashConcurrency?: number;
  /** How many more may wait for that; the next is answered 503 LOGIN_BUSY. @default 64 */
  hashQueueLength?: number;
  /** Hears of the queue of hashes, for metrics. @default nobody does */
  hashObserver?: HashObserver;
  /** Threads of libuv's pool, when `UV_THREADPOOL_SIZE` has set them. @default 4 */
  threadPoolSize?: number;
  /**
   * Origins that a gateway's clients may come from, or a function that knows them by their `Origin` header, for
   * `GET /auth/verify`. @default none
   */
  origins?: string[] | KnownOrigins;
  /** What a logout asks browsers to forget, as in `Clear-Site-Data`. @default ['cache', 'storage'] */
  clearSiteData?: string[];
  /** The session cookie, to be deleted at logout. @default SessionModule's; another one is refused */
  cookie?: Partial<SessionCookieOptions>;
  /** The role that counts only in a session of the admin profile. @default SessionModule's; another one is refused */
  adminRole?: string;
}

/** What stands beside the options, or beside `useFactory`. */
export interface AuthModuleExtras {
  /** Makes AuthService and the guards available without importing the module again. @default false */
  isGlobal?: boolean;
}

/** Every option with its default in place. */
export type ResolvedAuthOptions = Required<
  Omit<
    AuthModuleOptions,
    | 'argon2'
    | 'breachedPasswords'
    | 'cookie'
    | 'events'
    | 'hashConcurrency'
    | 'hashObserver'
    | 'hasher'
    | 'hashQueueLength'
    | 'loadUser'
    | 'mailSender'
    | 'notifier'
    | 'oneTimeTokens'
    | 'origins'
    | 'threadPoolSize'
  >
> & {
  hasher: QueuedHasher;
  loadUser: AuthModuleOptions['loadUser'];
  breachedPasswords: BreachedPasswords | undefined;
  isKnownOrigin: KnownOrigins;
  events: SecurityEvents | undefined;
  mailSender: MailSender | undefined;
  notifier: LoginNotifier | undefined;
  oneTimeTokens: OneTimeTokenStore | undefined;
  cookie: SessionCookieOptions;
};

/** The module's options with every default in place. */
export const AUTH_OPTIONS = Symbol('AUTH_OPTIONS');

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<AuthModuleOptions>({
    moduleName: 'Auth',
  })
    .setClassMethodName('forRoot')
    .setExtras<AuthModuleExtras>({ isGlobal: false }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? false,
    }))
    .build();
