import type { Cluster, Redis } from 'ioredis';
import type { SessionPrincipal } from '../session.types.js';
import type { Serializer } from '../store/session-codec.js';

/** The data of a session of the other system, as its store returns it. */
export type LegacySession = Record<string, unknown>;

/** Sessions of another system that are to go on as sessions of this one. */
export interface TakeoverOptions {
  /** What wrote them: express-session with connect-redis 8 or older. */
  from: 'connect-redis';
  /** `name` of the old express-session; another one than this module's cookie has. @default 'connect.sid' */
  cookieName?: string;
  /** `prefix` of the old connect-redis. @default 'sess:' */
  prefix?: string;
  /** `secret` of the old express-session, all that still verify. */
  secrets: string[];
  /** Where the old records are; it stays the host's to close. @default the module's own client */
  client?: Redis | Cluster;
  /** `serializer` of the old connect-redis. @default JSON */
  serializer?: Serializer;
  /**
   * Finds the user in an old session. Undefined: there is none, the session goes on as an anonymous one without its
   * `passport`. Null: there is one that cannot be named; the session is refused and left alone.
   * @default `passport.user` when that is a string or a number, else its `id`
   */
  legacyUserId?: (session: LegacySession) => string | undefined | null;
  /**
   * What the session has to believe about its user from now on, read from where accounts live, never from the old
   * session. Null: no such user; the session is refused and left alone. A disabled user's is refused and deleted.
   * The id may be another one than the old system's.
   */
  findPrincipal: (userId: string, session: LegacySession) => Promise<SessionPrincipal | null>;
}

export type ResolvedTakeoverOptions = Required<Omit<TakeoverOptions, 'client'>> &
  Pick<TakeoverOptions, 'client'>;

/** Puts the defaults in place. */
export function resolveTakeoverOptions(options: TakeoverOptions): ResolvedTakeoverOptions {
  return {
    from: options.from,
    cookieName: options.cookieName ?? 'connect.sid',
    prefix: options.prefix ?? 'sess:',
    secrets: options.secrets,
    client: options.client,
    serializer: options.serializer ?? JSON,
    legacyUserId: options.legacyUserId ?? passportUserId,
    findPrincipal: options.findPrincipal,
  };
}

/** What is wrong with the options of a takeover, by name, never by value. */
export function takeoverProblems(options: ResolvedTakeoverOptions, cookieName: string): string[] {
  const problems: string[] = [];
  if (options.from !== 'connect-redis') problems.push("takeover.from must be 'connect-redis'.");
  // No shortest length: they are what the other system has.
  if (!Array.isArray(options.secrets) || options.secrets.length === 0 || !options.secrets.every(isText)) {
    problems.push('takeover.secrets needs the secrets of the old express-session.');
  }
  if (!isText(options.cookieName) || options.cookieName === cookieName) {
    problems.push('takeover.cookieName must be the old cookie, with another name than the session cookie.');
  }
  if (typeof options.findPrincipal !== 'function')
    problems.push('takeover.findPrincipal must be a function.');
  return problems;
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** The user of a session that Passport wrote. Null when there is one of a shape that says no id. */
export function passportUserId(session: LegacySession): string | undefined | null {
  const user = (session['passport'] as { user?: unknown } | null | undefined)?.user;
  if (user === undefined || user === null) return undefined;
  const id: unknown = typeof user === 'object' ? (user as { id?: unknown }).id : user;
  if (typeof id === 'number') return String(id);
  return isText(id) ? id : null;
}
