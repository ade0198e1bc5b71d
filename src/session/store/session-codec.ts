import type { SessionData } from 'express-session';
import { SessionTooDeepError } from '../session.errors.js';
import type { SessionMeta } from '../session.types.js';
import { MAX_NESTING, nestedDeeperThan } from './nesting.js';
import { cookieOf } from './session-cookie.js';
import { decodeRecord, type NoRecord, type RecordHeader } from './session-record.js';

// The one member of the session's JSON that is not the host's data.
const META = 'latchkey';
// What another program wrote may be nested deeper than what is written here, up to where copying it runs out of stack. In
// a text that is not twice as long nothing can be.
const MAX_FOREIGN_NESTING = 1_000;

/** Turns session data into text and back. What it parses is what it stringified; neither returns a promise. */
export interface Serializer {
  /** The data of a text. */
  parse(text: string): unknown;
  /** The text of data. */
  stringify(value: unknown): string;
}

/** The data of a session, whatever its host has put there. */
export type JsonData = Record<string, unknown>;

/** A record taken apart: header, what the module keeps beside the host's data, and that data with its exact text. */
export interface DecodedSession {
  header: RecordHeader;
  meta: SessionMeta | undefined;
  data: JsonData;
}

/** Data with its text, which is made when it is asked for: a request that only reads needs none. */
export class SeenData {
  private known: string | undefined;

  constructor(
    private readonly codec: SessionCodec,
    readonly data: JsonData,
  ) {}

  /** @throws SessionTooDeepError */
  get text(): string {
    return (this.known ??= this.codec.text(this.data));
  }
}

/** Turns sessions into the JSON behind a record's header and back. */
export class SessionCodec {
  constructor(private readonly serializer: Serializer) {}

  /** The host's data of an express-session Session, its cookie as it is stored. */
  dataOf(session: object): JsonData {
    const data: JsonData = {};
    for (const [key, value] of Object.entries(session)) {
      if (key !== META && key !== '__proto__') data[key] = key === 'cookie' ? storedCookie(value) : value;
    }
    return data;
  }

  /** The text of the host's data; equal texts are equal sessions. @throws SessionTooDeepError */
  text(data: JsonData): string {
    return this.stringify(data);
  }

  /** For before express-session sees changed data: it serialises too, by more recursion. @throws SessionTooDeepError */
  checkNesting(data: JsonData): void {
    if (nestedDeeperThan(data, MAX_NESTING)) throw new SessionTooDeepError(MAX_NESTING);
  }

  /** What stands behind the header. @throws SessionTooDeepError */
  body(meta: SessionMeta | undefined, data: JsonData): string {
    this.checkNesting(data);
    return this.stringify(meta ? { [META]: meta, ...data } : data);
  }

  /** Reads a record; never throws. */
  decode(raw: string): DecodedSession | NoRecord {
    const record = decodeRecord(raw);
    if (typeof record === 'string') return record;
    try {
      const parsed = this.serializer.parse(record.body);
      if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return 'corrupt';
      const { [META]: meta, ...data } = parsed as JsonData;
      if (meta !== undefined && !isMeta(meta)) return 'corrupt';
      const long = record.body.length > 2 * MAX_FOREIGN_NESTING;
      if (long && nestedDeeperThan(data, MAX_FOREIGN_NESTING)) return 'corrupt';
      if (data['cookie'] !== undefined) data['cookie'] = storedCookie(data['cookie']);
      return { header: record.header, meta, data };
    } catch {
      return 'corrupt';
    }
  }

  /**
   * The data as express-session wants it: a copy of its own, with the expiry of its cookie.
   * @param expires when the cookie expires, where that follows from its `originalMaxAge`
   */
  toSessionData(data: JsonData, expires: Date | undefined): SessionData {
    const copy = copyOf(data) as JsonData;
    if (expires && copy['cookie']) copy['cookie'] = { ...(copy['cookie'] as JsonData), expires };
    return copy as unknown as SessionData;
  }

  private stringify(value: JsonData): string {
    try {
      return this.serializer.stringify(value);
    } catch (error) {
      // JSON.stringify is recursive and says so when the stack is full.
      throw error instanceof RangeError ? new SessionTooDeepError(MAX_NESTING) : error;
    }
  }
}

/** A deep copy. Of what JSON can say by hand, in a fraction of the time; of what another serializer made as the platform does. */
function copyOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(copyOf);
  if (Object.getPrototypeOf(value) !== Object.prototype) return structuredClone(value);
  const copy: JsonData = {};
  for (const key of Object.keys(value)) {
    const member = copyOf((value as JsonData)[key]);
    // An own key of this name, as JSON.parse makes it, is not to become the copy's prototype.
    if (key === '__proto__') Object.defineProperty(copy, key, { ...OWN, value: member });
    else copy[key] = member;
  }
  return copy;
}

const OWN = { configurable: true, enumerable: true, writable: true };

const storedCookie = (cookie: unknown) =>
  typeof cookie === 'object' && cookie !== null ? cookieOf(cookie) : cookie;

function isMeta(value: unknown): value is SessionMeta {
  if (typeof value !== 'object' || value === null) return false;
  const meta = value as Partial<SessionMeta>;
  return (
    (meta.transport === 'cookie' || meta.transport === 'bearer') &&
    (meta.profile === 'web' || meta.profile === 'bearer' || meta.profile === 'admin') &&
    typeof meta.authenticatedAt === 'number'
  );
}
