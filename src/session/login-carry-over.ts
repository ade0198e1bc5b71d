import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import type { JsonData } from './store/session-codec.js';
import type { SessionEngine } from './store/session-engine.js';
import type { SessionState } from './store/session-state.js';

/** What a login keeps of the anonymous session before it: the keys that the program names, never another user's. */
export class LoginCarryOver {
  constructor(
    private readonly engine: SessionEngine,
    private readonly keys: readonly string[],
  ) {}

  /** What the anonymous session held under the keys that a login keeps; taken once, by one login. */
  async take(req: IncomingMessage, previous: SessionState | undefined): Promise<JsonData> {
    if (previous?.at.ofUser) return {};
    const session = (req as Partial<Request>).session;
    if (!previous) return session ? this.pick(this.engine.codec.dataOf(session)) : {};
    const raw = await this.engine.repository.takeAnonymous(previous.at);
    const decoded = raw === null ? 'corrupt' : this.engine.codec.decode(raw);
    return typeof decoded === 'string' ? {} : this.pick(decoded.data);
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
