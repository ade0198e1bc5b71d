import { SessionStoreUnavailableError } from '../session.errors.js';
import type { SessionAddress } from '../token/session-id.js';
import { scanKeys } from './scan.js';
import type { SessionEngine } from './session-engine.js';
import type { SessionState } from './session-state.js';

/** What an express-session Store must be able to say about all sessions at once. Linear in all sessions: for tools. */
export class AllSessions {
  constructor(private readonly engine: SessionEngine) {}

  /** The state of every live session. */
  async live(): Promise<SessionState[]> {
    const { repository } = this.engine;
    const sessions: SessionState[] = [];
    for (const at of await this.records()) {
      const { raw, generation, principal } = await repository.load(at);
      const state = raw === null ? null : this.engine.interpret('', at, raw, generation, principal);
      if (state) sessions.push(state);
    }
    return sessions;
  }

  /** Where records lie, live or not. */
  async records(): Promise<SessionAddress[]> {
    const { keys } = this.engine.redis;
    const found = new Map<string, SessionAddress>();
    try {
      for await (const chunk of scanKeys(this.engine.options.client, keys.allSessions)) {
        for (const key of chunk) {
          const at = keys.parseSession(key);
          if (at) found.set(key, at);
        }
      }
    } catch (cause) {
      throw new SessionStoreUnavailableError({ cause });
    }
    return [...found.values()];
  }

  /** Ends every session under the prefix. */
  async destroyAll(): Promise<void> {
    for (const at of await this.records()) await this.engine.repository.destroy(at);
  }
}
