import type { Cluster, Redis } from 'ioredis';
import { EndedLink } from './ended-link.js';
import { type Place, placeOfServer } from './places.js';

/** What a feed tells whoever has opened it. */
export interface FeedEvents {
  /** A script has told something, see `parseNews`. */
  onEnded: (message: string) => void;
  /** News from there may have been missed, until now or from now on. */
  onGap: (place: Place) => void;
}

/**
 * Hears, within milliseconds, under which tags sessions have ended on any node: what the scripts publish. Of a cluster
 * it listens to every primary, so that the one that a session lies on is heard even when the servers do not reach each
 * other; what arrives several times costs nothing but another look.
 */
export class EndedFeed {
  private readonly links = new Map<Place, EndedLink>();

  constructor(
    private readonly client: Redis | Cluster,
    private readonly channel: string,
    private readonly events: FeedEvents,
  ) {}

  /** Whether nothing that happens there can be missed at the moment. */
  hears(place: Place): boolean {
    return this.links.get(place)?.isUp ?? false;
  }

  /** Whether that is so of every server. */
  get hearsAll(): boolean {
    return this.links.size > 0 && [...this.links.values()].every((link) => link.isUp);
  }

  /** Listens to the servers that are there by now, and no longer to the others. */
  follow(): void {
    const servers = new Map(this.primaries().map((server) => [placeOfServer(this.client, server), server]));
    for (const [place, server] of servers) {
      if (this.links.has(place)) continue;
      const events = { onEnded: this.events.onEnded, onGap: () => this.events.onGap(place) };
      this.links.set(place, new EndedLink(server, this.channel, events));
    }
    for (const [place, link] of this.links) {
      if (servers.has(place)) continue;
      link.close();
      this.links.delete(place);
    }
  }

  close(): void {
    for (const link of this.links.values()) link.close();
    this.links.clear();
  }

  private primaries(): Redis[] {
    return this.client.isCluster ? (this.client as Cluster).nodes('master') : [this.client as Redis];
  }
}
