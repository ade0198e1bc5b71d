import type { Place } from './places.js';
import type { WatchedSession } from './watched-session.js';

// Ten thousand open sockets must not make one pipeline of ten thousand reads, in front of everybody's requests.
const ASKED_AT_ONCE = 100;

interface Lane {
  readonly waiting: Set<WatchedSession>;
  underWay: number;
}

/**
 * Looks at sessions, so many at a time of each server: those of a server that does not answer keep nobody waiting but each
 * other.
 */
export class ShardLooks {
  private readonly lanes = new Map<Place, Lane>();

  /** Has a session looked at as soon as its server has room; once, however often it is asked for until then. */
  ask(place: Place, session: WatchedSession): void {
    const lane = this.lanes.get(place) ?? { waiting: new Set(), underWay: 0 };
    this.lanes.set(place, lane);
    lane.waiting.add(session);
    this.go(place, lane);
  }

  private go(place: Place, lane: Lane): void {
    for (const session of lane.waiting) {
      if (lane.underWay >= ASKED_AT_ONCE) return;
      lane.waiting.delete(session);
      lane.underWay += 1;
      const done = (): void => {
        lane.underWay -= 1;
        this.go(place, lane);
      };
      session.lookAgain().then(done, done);
    }
    if (lane.underWay === 0) this.lanes.delete(place);
  }
}
