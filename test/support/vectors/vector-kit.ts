import { createHash } from 'node:crypto';

import { snapshotOf } from '../../../src/session/principal-snapshot.js';
import type { SessionMeta, SessionPrincipal } from '../../../src/session/session.types.js';
import { type JsonData, SessionCodec } from '../../../src/session/store/session-codec.js';
import { SessionKeys } from '../../../src/session/store/session-keys.js';
import { encodeRecord } from '../../../src/session/store/session-record.js';
import { signBearerToken } from '../../../src/session/token/bearer-token.js';
import { addressOf } from '../../../src/session/token/session-id.js';
import { signCookie } from '../../../src/session/token/signed-cookie.js';
import { TagRing } from '../../../src/session/token/tag-ring.js';
import type { ReaderSettings, ReadSession, SessionVector, VectorKey } from './session-vector.js';

/** Random enough to look like what it stands for, and the same in every run. */
export const fixed = (name: string, length: number): string =>
  createHash('sha512').update(`latchkey test vectors: ${name}`).digest('base64url').slice(0, length);

export const DEFAULTS: ReaderSettings = {
  prefix: 'lk:',
  cookieName: '__Host-sid',
  secrets: [fixed('newest secret', 43), fixed('older secret', 43)],
  indexKeys: [fixed('newest index key', 43), fixed('older index key', 43)],
  anonymous: false,
};
export const [NEWEST_SECRET, OLDER_SECRET] = DEFAULTS.secrets as [string, string];
export const [NEWEST_KEY, OLDER_KEY] = DEFAULTS.indexKeys as [string, string];

export const HOUR = 3_600_000;
const AUTHENTICATED_AT = 1_790_000_000_000;
// Only a place to measure from: what is written down is the distance.
const NOW = 5_000_000_000_000;
const FAR = 100 * 365 * 24 * HOUR;

const codec = new SessionCodec(JSON);
const ring = new TagRing(DEFAULTS.indexKeys);

export interface HeaderOffsets {
  touched?: number;
  absolute?: number;
  created?: number;
  /** Ms from now; undefined: 0, as for a user whose sessions were never all revoked. */
  generation?: number | undefined;
}

/** A record as the store writes it, its times as distances from now. */
export function recordOf(body: string, offsets: HeaderOffsets = {}): string {
  const { touched = -60_000, absolute = HOUR, created = -120_000, generation } = offsets;
  const record = encodeRecord(
    {
      touchedMs: NOW + touched,
      absoluteExpiryMs: NOW + absolute,
      createdMs: NOW + created,
      generation: generation === undefined ? 0 : NOW + generation,
      revision: 1,
    },
    '',
  );
  return record.slice(0, 1) + record.slice(1, 53).replace(/\d{13}/g, asDistance) + record.slice(53) + body;
}

/** Ms from now, as a generation or a header holds it. */
export const fromNow = (ms: number): string => `{now${ms < 0 ? '' : '+'}${ms}}`;

function asDistance(digits: string): string {
  const distance = Number(digits) - NOW;
  return Math.abs(distance) < FAR ? fromNow(distance) : digits;
}

/** Somebody with a session, and everything that can be said of it. */
export class Person {
  readonly id: string;
  readonly tag: string;
  readonly token: string;
  readonly keys: SessionKeys;

  constructor(
    readonly name: string,
    private readonly options: { indexKey?: string; prefix?: string; roles?: string[]; id?: string } = {},
  ) {
    this.id = options.id ?? `user-${fixed(`id of ${name}`, 8)}`;
    this.tag = new TagRing([options.indexKey ?? NEWEST_KEY]).current(this.id);
    this.token = `${this.tag}.${fixed(`token of ${name}`, 32)}`;
    this.keys = new SessionKeys(options.prefix ?? DEFAULTS.prefix);
  }

  get principal(): SessionPrincipal {
    return {
      id: this.id,
      email: 'ada@example.com',
      displayName: 'Ada Lovelace',
      roles: this.options.roles ?? ['editor'],
      disabled: false,
      createdAt: '2026-01-02T03:04:05.678Z',
    };
  }

  meta(over: Partial<SessionMeta> = {}): SessionMeta {
    return {
      transport: 'cookie',
      profile: 'web',
      authenticatedAt: AUTHENTICATED_AT,
      ip: '192.0.2.7',
      userAgent: 'vectors',
      ...over,
    };
  }

  /** The session's JSON as a login writes it. */
  body(meta: SessionMeta | undefined = this.meta(), data: JsonData = { cart: ['apple', 'pear'] }): string {
    const cookie = { originalMaxAge: null, httpOnly: true, path: '/', secure: true, sameSite: 'lax' };
    return codec.body(meta, { cookie, passport: { user: snapshotOf(this.principal) }, ...data });
  }

  cookie(secret = NEWEST_SECRET, name = DEFAULTS.cookieName): [string, string] {
    return ['Cookie', `${name}=${signCookie(this.token, secret)}`];
  }

  bearer(secret = NEWEST_SECRET): [string, string] {
    return ['Authorization', `Bearer ${signBearerToken(this.token, secret)}`];
  }

  record(value: string, more: Partial<VectorKey> = {}): VectorKey {
    return { ...keyAt(this.keys, this.token), value, ...more };
  }

  generation(value: string): VectorKey {
    return { key: this.keys.generation(this.tag), value, ttlMs: HOUR };
  }

  live(value: unknown): VectorKey {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return { key: this.keys.principal(this.tag), value: text, ttlMs: HOUR };
  }

  /** What a reader must find in that session. */
  session(over: Partial<ReadSession> = {}): { session: ReadSession } {
    const { id, email, displayName, roles, createdAt } = this.principal;
    return {
      session: {
        id: handleOf(this.token),
        principal: { id, email, displayName, roles, createdAt },
        transport: 'cookie',
        profile: 'web',
        authenticatedAtMs: AUTHENTICATED_AT,
        createdAtMs: fromNow(-120_000),
        absoluteExpiryMs: fromNow(HOUR),
        isAdmin: false,
        data: { cart: ['apple', 'pear'] },
        ...over,
      },
    };
  }
}

/** What the API calls a session. */
export const handleOf = (token: string): string => ring.handle(addressOf(token).digest);

/** Where the record of any token lies. */
export function keyAt(keys: SessionKeys, token: string): { key: string; ttlMs: number } {
  const { tag, digest } = addressOf(token);
  return { key: keys.session(tag, digest), ttlMs: HOUR / 2 };
}

/** A vector of somebody of its own. */
export function vectorOf(
  name: string,
  make: (person: Person) => Omit<SessionVector, 'name'>,
  options?: ConstructorParameters<typeof Person>[1],
): SessionVector {
  return { name, ...make(new Person(name, options)) };
}
