import type { Exchange } from './exchange.js';

/** Somebody with an account. */
export interface LoadUser {
  email: string;
  /** The hash tag of his keys, which says where in a cluster he lies. */
  tag: string;
  sessions: Set<LoadSession>;
  /** Whether a request is under way that begins or ends sessions of his: one at a time. */
  busy: boolean;
  deviceToken?: string;
}

/** A session of which a client has heard. Times are those of `performance.now()`. */
export interface LoadSession {
  user: LoadUser;
  /** Its name in the API. */
  id: string;
  credential: Record<string, string>;
  /** When the answer with it came. */
  begunMs: number;
  /** When somebody first asked for its end. */
  endAskedMs?: number;
  /** When its end was acknowledged. */
  endedMs?: number;
  /** Whether that answer said that its end survives a failover. */
  endIsDurable?: boolean;
  /** What was put into its cart, with the time at which that was acknowledged. */
  items: Map<string, number | undefined>;
}

/** What may be true of a session when a request about it is answered. */
export type Standing = 'live' | 'ended' | 'either';

/** What a failure may have undone although it was acknowledged, and did. */
export interface Losses {
  /** Sessions and ends of sessions of which it was not known yet whether a replica had them. */
  atRisk: number;
  sessionsLost: number;
  revocationsUndone: number;
  /** When each of those was acknowledged, ms after the failure began. */
  undoneMs: number[];
  cartItemsLost: number;
}

/**
 * What the clients have been told, and what follows from it for every later answer. An answer counts as given in one
 * instant between its request and its arrival; a request that got a 503 may have been carried out.
 */
export class LoadModel {
  readonly users: LoadUser[] = [];
  /** Sessions whose end was acknowledged, the last of them at the end. */
  readonly ended: LoadSession[] = [];
  /** Sentences about answers that should not have been. */
  readonly violations: string[] = [];
  losses: Losses = noLosses();
  /** Whatever was acknowledged before is known to survive: see `Barrier`. */
  durableBeforeMs = -Infinity;
  /** Whether a failure is under way that may undo what is not durable. */
  private failing = false;
  private failedMs = 0;

  /** From now on, what is not durable may be undone. */
  beginFailure(): void {
    this.failing = true;
    this.failedMs = performance.now();
    this.losses = noLosses();
    this.losses.atRisk = this.atRisk().length;
  }

  /** The failure is over, and all that it may have undone was looked at. @returns what it has undone */
  endFailure(): Losses {
    this.failing = false;
    return this.losses;
  }

  /** Sessions whose beginning, end or cart might be undone now. */
  atRisk(): LoadSession[] {
    const sessions = [...this.users.flatMap((user) => [...user.sessions]), ...this.ended];
    return sessions.filter(
      (session) =>
        !this.survives(session.begunMs) ||
        (session.endedMs !== undefined && !session.endIsDurable && !this.survives(session.endedMs)) ||
        [...session.items.values()].some((ms) => ms !== undefined && !this.survives(ms)),
    );
  }

  /** What a request about a session, sent and answered at these times, may find. */
  standing(session: LoadSession, beganMs: number, endedMs: number): Standing {
    const { endedMs: overMs, endAskedMs } = session;
    if (overMs !== undefined && overMs <= beganMs) {
      if (session.endIsDurable === true || !this.failing || this.survives(overMs)) return 'ended';
      return 'either';
    }
    if (endAskedMs !== undefined && endAskedMs <= endedMs) return 'either';
    return this.failing && !this.survives(session.begunMs) ? 'either' : 'live';
  }

  /** Notes that a request found a session live or not, and complains when that cannot be. */
  found(session: LoadSession, live: boolean, exchange: Exchange): void {
    const { beganMs, endedMs } = exchange;
    const standing = this.standing(session, beganMs, endedMs);
    if (standing === (live ? 'ended' : 'live')) {
      this.complain(
        exchange,
        live ? 'a session that was ended is alive' : 'a session that nobody ended is gone',
      );
      return;
    }
    if (standing !== 'either') return;
    if (live && session.endedMs !== undefined && session.endedMs <= beganMs) {
      this.losses.revocationsUndone += 1;
      this.losses.undoneMs.push(session.endedMs - this.failedMs);
      this.forget(session);
    } else if (!live && session.endAskedMs === undefined) {
      this.losses.sessionsLost += 1;
      this.forget(session);
    }
  }

  /** Notes what a request found in a cart, and complains about what is missing, strange or there twice. */
  foundCart(session: LoadSession, cart: string[], exchange: Exchange): void {
    if (new Set(cart).size < cart.length)
      this.complain(exchange, `something is twice in a cart: ${cart.join()}`);
    for (const item of cart)
      if (!session.items.has(item)) this.complain(exchange, `nobody put ${item} there`);
    for (const [item, ackedMs] of session.items) {
      if (ackedMs === undefined || ackedMs > exchange.beganMs || cart.includes(item)) continue;
      if (this.failing && !this.survives(ackedMs)) this.losses.cartItemsLost += 1;
      else this.complain(exchange, `${item}, which was put there, is missing in ${cart.join()}`);
      session.items.delete(item);
    }
  }

  begin(session: LoadSession): void {
    session.user.sessions.add(session);
  }

  /** The end of sessions was asked for. */
  askEnd(sessions: Iterable<LoadSession>, nowMs: number): void {
    for (const session of sessions) session.endAskedMs ??= nowMs;
  }

  /** The end of a session was acknowledged. */
  end(session: LoadSession, { endedMs, headers }: Exchange): void {
    session.user.sessions.delete(session);
    session.endedMs = endedMs;
    session.endIsDurable = headers['revocation-durable'] === 'true';
    this.ended.push(session);
  }

  complain(exchange: Exchange, what: string): void {
    const { act, node, status, text, beganMs, endedMs } = exchange;
    const times = `${beganMs.toFixed(0)} to ${endedMs.toFixed(0)} ms`;
    this.violations.push(
      `${act} at node ${node}, ${times}, answered ${status}: ${what}; ${text.slice(0, 300)}`,
    );
  }

  /** A session of which nothing is known any more. */
  private forget(session: LoadSession): void {
    session.user.sessions.delete(session);
    const index = this.ended.indexOf(session);
    if (index >= 0) this.ended.splice(index, 1);
  }

  private survives(acknowledgedMs: number): boolean {
    return acknowledgedMs < this.durableBeforeMs;
  }
}

const noLosses = (): Losses => ({
  atRisk: 0,
  sessionsLost: 0,
  revocationsUndone: 0,
  undoneMs: [],
  cartItemsLost: 0,
});
