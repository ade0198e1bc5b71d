import { createHash } from 'node:crypto';
import type { SessionObserver } from '../session.types.js';
import type { SessionAddress } from '../token/session-id.js';
import { knowsEveryRing } from '../token/ring-guard.js';
import type { TagRing } from '../token/tag-ring.js';
import { isWrongType, type RedisAccess } from './redis-access.js';
import type { DecodedSession, JsonData, SessionCodec } from './session-codec.js';
import type { NoRecord } from './session-record.js';

const DAY_MS = 86_400_000;
// Long enough for somebody to come back from a weekend and look; a visitor's is worth less and there are more of them.
const KEPT_FOR_USERS_MS = 7 * DAY_MS;
const KEPT_FOR_VISITORS_MS = DAY_MS;
const MOST_PER_USER = 10;
// What is not looked at now is at the next use of the session.
const MOST_AT_A_TIME = 16;
const WARNING_INTERVAL_MS = 60_000;

/** Why a record is no session, whatever its age. */
export type Fault = 'corrupt' | 'other-version' | 'mismatch' | 'not-owned';

interface QuarantineContext {
  readonly redis: RedisAccess;
  readonly ring: TagRing;
  readonly codec: SessionCodec;
  readonly options: {
    userOf: (data: JsonData) => { id: string } | undefined;
    guardIndexKeys: boolean;
    observer?: SessionObserver;
    warn: (message: string) => void;
  };
}

/**
 * Takes records that no request can use out of the way: what cannot be read, and what is not of the user that its key
 * belongs to. They are kept for a while under a name of their own, and the index of the user no longer has them.
 *
 * A record of another format version is left alone: during an upgrade two versions of the program run side by side.
 * So is one whose user this node's index keys cannot explain, as long as another node may know a key that does.
 *
 * A user's key that holds another type of value reads like one that is gone; it is found at the next login or listing.
 *
 * Never on the path of an answer, and never against a write: the script compares the bytes that were judged. Commands:
 * GET, sometimes GET ring, EVALSHA. Failures are nobody's: the record is still there at its next use.
 */
export class SessionQuarantine {
  private readonly underway = new Map<string, Promise<unknown>>();
  private readonly warned = new Map<string, number>();

  constructor(private readonly context: QuarantineContext) {}

  /** What keeps a record from being a session of its key; undefined when nothing does, but it may have ended. */
  faultOf(at: SessionAddress, decoded: DecodedSession | NoRecord): Fault | undefined {
    if (decoded === 'moved') return undefined;
    if (typeof decoded === 'string') return decoded;
    const user = this.context.options.userOf(decoded.data);
    if ((user !== undefined) !== at.ofUser) return 'mismatch';
    return user && !this.context.ring.owns(user.id, at.tag) ? 'not-owned' : undefined;
  }

  /** Somebody has come upon such a record: counts it, and moves it in the background if it may be moved. */
  report(at: SessionAddress, fault: Fault): void {
    const reason = fault === 'not-owned' ? 'mismatch' : fault;
    this.context.options.observer?.onSessionEvent({ type: 'ignored', reason });
    this.inBackground(at, () => this.move(at));
  }

  /**
   * Looks at a record again and moves it if it still cannot be used and may be moved.
   * @returns whether it was moved
   * @throws SessionStoreUnavailableError
   */
  async move(at: SessionAddress): Promise<boolean> {
    const { redis, codec, options } = this.context;
    const { keys, client } = redis;
    const key = keys.session(at.tag, at.digest);
    const present = await redis.ask('quarantine', client.getBuffer(key).catch(otherType));
    if (present === null) return false;
    const isText = Buffer.isBuffer(present);
    const fault = isText ? this.faultOf(at, codec.decode(present.toString())) : 'corrupt';
    if (fault === undefined) return false;
    if (!(await this.mayMove(fault, at))) {
      this.warnOfOthers(fault);
      return false;
    }
    const goal = keys.quarantined(at.tag, at.digest);
    const keptMs = at.ofUser ? KEPT_FOR_USERS_MS : KEPT_FOR_VISITORS_MS;
    const moved = await redis.ask(
      'quarantine',
      client.lkQuarantine(
        ...[key, keys.index(at.tag), goal, keys.quarantine(at.tag), at.digest, at.ofUser ? '1' : '0'],
        ...[isText ? sha1(present) : '', keptMs, MOST_PER_USER, keys.quarantined(at.tag, '')],
      ),
    );
    if (moved !== 1) return false;
    const reason = fault === 'corrupt' ? 'corrupt' : 'mismatch';
    options.observer?.onSessionEvent({ type: 'quarantined', reason });
    const why = reason === 'corrupt' ? 'cannot be read' : 'is not of the user that its key belongs to';
    const until = new Date(Math.round(redis.clock.now()) + keptMs).toISOString();
    options.warn(`A session record that ${why} was moved to ${goal}, where it stays until ${until}.`);
    return true;
  }

  /** Waits for what is under way. */
  async close(): Promise<void> {
    await Promise.all(this.underway.values());
  }

  private async mayMove(fault: Fault, at: SessionAddress): Promise<boolean> {
    const { redis, ring, options } = this.context;
    if (fault === 'corrupt') return true;
    // To a store without users, every user's session looks like this.
    if (fault === 'other-version' || !options.guardIndexKeys) return false;
    // A visitor's record with a user in it may be a good session of a node that does not know its users yet.
    return fault === 'mismatch' ? at.ofUser : knowsEveryRing(redis, ring);
  }

  private warnOfOthers(fault: Fault): void {
    const now = performance.now();
    if (now - (this.warned.get(fault) ?? -Infinity) < WARNING_INTERVAL_MS) return;
    this.warned.set(fault, now);
    const what =
      fault === 'other-version' ? 'of another format version' : 'of other index keys, or of another user';
    this.context.options.warn(
      `Session records ${what} were refused and left alone; this is said once a minute.`,
    );
  }

  private inBackground(at: SessionAddress, work: () => Promise<unknown>): void {
    if (this.underway.has(at.digest) || this.underway.size >= MOST_AT_A_TIME) return;
    const done = work()
      .catch(() => undefined)
      .finally(() => this.underway.delete(at.digest));
    this.underway.set(at.digest, done);
  }
}

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');

function otherType(error: unknown): 'other-type' {
  if (isWrongType(error)) return 'other-type';
  throw error;
}
