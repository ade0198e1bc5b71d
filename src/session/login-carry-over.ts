import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { JsonData } from './store/session-codec.js';
import type { SessionEngine } from './store/session-engine.js';
import type { SessionState } from './store/session-state.js';

/** What a login has got from the anonymous session before it. */
export interface Carried {
  data: JsonData;
  /** Whether this login has taken the session, and so has to give it back when it fails. */
  taken: boolean;
}

/** What a login keeps of the anonymous session before it: the keys that the program names, never another user's. */
export class LoginCarryOver {
  constructor(
    private readonly engine: SessionEngine,
    private readonly keys: readonly string[],
  ) {}

  /** What the anonymous session held under the keys that a login keeps; taken once, by one login. */
  async take(req: IncomingMessage, previous: SessionState | undefined): Promise<Carried> {
    if (previous?.at.ofUser) return { data: {}, taken: false };
    const session = (req as Partial<Request>).session;
    if (!previous) return { data: session ? this.pick(this.engine.codec.dataOf(session)) : {}, taken: false };
    const raw = await this.engine.repository.takeAnonymous(previous.at);
    // Another login may have it already: what that one has taken is not this one's to give back.
    if (raw === null) return { data: {}, taken: false };
    const decoded = this.engine.codec.decode(raw);
    return { data: typeof decoded === 'string' ? {} : this.pick(decoded.data), taken: true };
  }

  private pick(data: JsonData): JsonData {
    return Object.fromEntries(
      this.keys.filter((key) => Object.hasOwn(data, key)).map((key) => [key, data[key]]),
    );
  }

  /** Gives back what a login took that then failed. */
  async giveBack(previous: SessionState): Promise<void> {
    // The login has failed for a reason of its own; that one is reported, and the cart stays marked for a while.
    await this.engine.repository
      .returnAnonymous(previous.at, this.engine.idleTimeoutMs(previous, previous.seen.data))
      .catch(() => undefined);
  }
}
