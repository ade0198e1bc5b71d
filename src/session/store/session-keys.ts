import { type SessionAddress, TAG_LENGTH } from '../token/session-id.js';

/** Every key name the session module uses. All keys of one user share a hash slot, so one script can change them. */
export class SessionKeys {
  constructor(private readonly prefix: string) {}

  /** Record of a session. */
  session(tag: string, digest: string): string {
    return this.sessions(tag) + digest;
  }

  /** What the names of a user's session records begin with. */
  sessions(tag: string): string {
    return `${this.prefix}sess:{${tag}}:`;
  }

  /** Sorted set of a user's sessions: member digest, score expiry in ms. */
  index(tag: string): string {
    return `${this.prefix}idx:{${tag}}`;
  }

  /** Generation of a user's sessions: the time of the last revoke-all, ms. */
  generation(tag: string): string {
    return `${this.prefix}gen:{${tag}}`;
  }

  /** A record that was taken out of the way because no request could use it. */
  quarantined(tag: string, digest: string): string {
    return `${this.prefix}quarantine:{${tag}}:${digest}`;
  }

  /** Sorted set of a user's records in quarantine: member digest, score expiry in ms. */
  quarantine(tag: string): string {
    return `${this.prefix}quarantine:{${tag}}`;
  }

  /** Channel on which scripts name the tags under which something ended. */
  ended(): string {
    return `${this.prefix}ended`;
  }

  /** Live principal of a user. */
  principal(tag: string): string {
    return `${this.prefix}prn:{${tag}}`;
  }

  /** Says that a session of another system was taken over as this one. */
  takenOver(tag: string, digest: string): string {
    return `${this.prefix}mig:{${tag}}:${digest}`;
  }

  /** Says that a client was given another id than this one. */
  moved(tag: string, digest: string): string {
    return `${this.prefix}moved:{${tag}}:${digest}`;
  }

  /** Tag of the user under whose other keys the session of an untagged id lies. */
  pointer(tag: string, digest: string): string {
    return `${this.prefix}ptr:{${tag}}:${digest}`;
  }

  /** Counts how often everybody's sessions were revoked. */
  epoch(): string {
    return `${this.prefix}{everyone}:epoch`;
  }

  /** One operation that revokes everybody's sessions. */
  operation(id: string): string {
    return this.operations() + id;
  }

  /** What the names of such operations begin with. */
  operations(): string {
    return `${this.prefix}{everyone}:op:`;
  }

  /** The operation under way, if there is one. */
  currentOperation(): string {
    return `${this.prefix}{everyone}:current`;
  }

  /** The operation that was started last, under way or not. */
  latestOperation(): string {
    return `${this.prefix}{everyone}:latest`;
  }

  /** Up to when a primary has what the journal of revocations has; the series finds one for each. */
  journal(number: number): string {
    return `${this.prefix}journal:${number}`;
  }

  /** Fingerprints of the index keys in use, and of those seen lately. */
  ring(): string {
    return `${this.prefix}ring`;
  }

  /** SCAN pattern of all session records. */
  get allSessions(): string {
    return `${escapeGlob(this.prefix)}sess:{*`;
  }

  /** SCAN pattern of all records in quarantine. */
  get allQuarantined(): string {
    return `${escapeGlob(this.prefix)}quarantine:{*}:*`;
  }

  /** SCAN pattern of all user indexes. */
  get allIndexes(): string {
    return `${escapeGlob(this.prefix)}idx:{*`;
  }

  /** SCAN pattern of both, and of little else. */
  get allSessionsAndIndexes(): string {
    return `${escapeGlob(this.prefix)}[si]*:{*`;
  }

  /** What a record's key says of its session; undefined when it is not one. */
  parseSession(key: string): SessionAddress | undefined {
    const start = `${this.prefix}sess:{`;
    const rest = key.slice(start.length);
    const end = rest.indexOf('}:');
    if (end < 0 || !key.startsWith(start)) return undefined;
    const tag = rest.slice(0, end);
    return { tag, digest: rest.slice(end + 2), ofUser: tag.length === TAG_LENGTH };
  }

  /** Tag of an index's key; undefined when it is not one. */
  parseIndex(key: string): string | undefined {
    const start = `${this.prefix}idx:{`;
    return key.startsWith(start) && key.endsWith('}') ? key.slice(start.length, -1) : undefined;
  }
}

const escapeGlob = (text: string) => text.replace(/[\\*?[\]]/g, '\\$&');
