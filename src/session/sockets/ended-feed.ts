import type { Cluster, Redis } from 'ioredis';
import { EndedLink, type LinkEvents } from './ended-link.js';

/**
 * Hears, within milliseconds, under which tags sessions have ended on any node: what the scripts publish. Of a cluster
 * it listens to every primary, so that the one that a session lies on is heard even when the servers do not reach each
 * other; what arrives several times costs nothing but another look.
 */
export class EndedFeed {
  private readonly links = new Map<string, EndedLink>();

  constructor(
    private readonly client: Redis | Cluster,
    private readonly channel: string,
    private readonly events: LinkEvents,
  ) {}

  /** Whether nothing can be missed at the moment, on any server. */
  get isUp(): boolean {
    return this.links.size > 0 && [...this.links.values()].every((link) => link.isUp);
  }

  /** Listens to the servers that are there by now, and no longer to the others. */
  follow(): void {
    const servers = new Map(this.primaries().map((server) => [this.placeOf(server), server]));
    for (const [place, server] of servers) {
      if (!this.links.has(place)) this.links.set(place, new EndedLink(server, this.channel, this.events));
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

  // Whoever the sentinels name is one place; a cluster has one for each server.
  private placeOf({ options }: Redis): string {
    return this.client.isCluster ? `${options.host}:${options.port}` : '';
  }
}
