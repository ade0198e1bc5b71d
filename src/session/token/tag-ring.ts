import { createHash, createHmac } from 'node:crypto';
import { RANDOM_BYTES, TAG_LENGTH } from './session-id.js';

// Bounds the memory that remembered tags and handles take; each costs one HMAC to make again.
const MAX_REMEMBERED = 10_000;

/**
 * The ring of index keys: turns user ids into the tags under which their sessions lie.
 * The first key makes new tags; all of them are honoured, so a key can be retired after the longest absolute lifetime.
 */
export class TagRing {
  private readonly remembered = new Map<string, readonly string[]>();
  // A digest and a handle are no secrets: neither logs anybody in.
  private readonly handles = new Map<string, string>();

  constructor(private readonly indexKeys: readonly string[]) {
    if (indexKeys.length === 0)
      throw new TypeError('indexKeys needs at least one key of 32 characters or more.');
  }

  /** The tag for new sessions of a user: 96 bits of HMAC-SHA256, base64url. */
  current(userId: string): string {
    return this.tags(userId)[0] as string;
  }

  /** Every tag under which sessions of a user may lie, oldest key first, the one for new sessions last. */
  oldestFirst(userId: string): readonly string[] {
    const tags = this.tags(userId);
    return tags.length === 1 ? tags : [...tags].reverse();
  }

  /** Whether a tag is this user's under any key of the ring: a session where it is not has been tampered with. */
  owns(userId: string, tag: string): boolean {
    return this.tags(userId).includes(tag);
  }

  /**
   * The public name of a session: 128 bits of HMAC over its digest. It cannot be turned back into the digest, and the
   * digest cannot be turned back into the token.
   */
  handle(digest: string): string {
    const known = this.handles.get(digest);
    if (known !== undefined) return known;
    if (this.handles.size >= MAX_REMEMBERED) this.handles.clear();
    const handle = createHmac('sha256', this.indexKeys[0] as string)
      .update(`handle:${digest}`)
      .digest()
      .subarray(0, 16)
      .toString('base64url');
    this.handles.set(digest, handle);
    return handle;
  }

  /**
   * What stands for the random part of the session token that takes over a session of another system: 192 bits of HMAC
   * over its id, the same on every node. Under the oldest key, so that nodes agree while a key is being added.
   */
  successor(otherId: string): string {
    const oldest = this.indexKeys[this.indexKeys.length - 1] as string;
    return createHmac('sha256', oldest)
      .update(`takeover:${otherId}`)
      .digest()
      .subarray(0, RANDOM_BYTES)
      .toString('base64url');
  }

  /** Names the ring without giving a key away: first key first, 64 bits each. */
  fingerprint(): string[] {
    return this.indexKeys.map((key) => createHash('sha256').update(`ring:${key}`).digest('hex').slice(0, 16));
  }

  private tags(userId: string): readonly string[] {
    const known = this.remembered.get(userId);
    if (known) return known;
    if (this.remembered.size >= MAX_REMEMBERED) this.remembered.clear();
    const tags = this.indexKeys.map((key) =>
      createHmac('sha256', key).update(`tag:${userId}`).digest('base64url').slice(0, TAG_LENGTH),
    );
    this.remembered.set(userId, tags);
    return tags;
  }
}
