import type { Cluster, Redis } from 'ioredis';
import { setTimeout as delay } from 'node:timers/promises';
import { primariesOf } from '../store/scan.js';
import type { RedisAccess } from '../store/redis-access.js';
import { keySlot } from './key-slot.js';

const WHOLE = '';
const CONNECT_MS = 200;

/** A primary as one connection reaches it. */
export interface Server {
  node: Redis;
  /** `host:port`, as the client's map of slots has it; '' when it is not a cluster. */
  place: string;
  /** Of its process. */
  runId: string;
  /** The connection itself; the client has another one when it was lost meanwhile. */
  stream: Redis['stream'];
}

/**
 * The primaries that have all that the journal has. One is forgotten with its connection, since behind the next one there
 * may be another process, and is looked at again before it is read.
 *
 * Commands: INFO per primary that is not current.
 */
export class CurrentServers {
  private readonly current = new Map<string, Server>();
  /** Run ids of all that were current, and have been primaries since. */
  private readonly known = new Set<string>();

  constructor(private readonly redis: RedisAccess) {
    redis.isCurrent = false;
    redis.isCurrentAt = (key) => this.current.has(this.placeOf(key) ?? WHOLE);
  }

  get all(): Server[] {
    return [...this.current.values()];
  }

  /** Where a key lies, as far as the client knows. */
  placeOf(key: string): string | undefined {
    const { ungated: client } = this.redis;
    return client.isCluster ? (client as Cluster).slots[keySlot(key)]?.[0] : WHOLE;
  }

  /** The primaries that are not current. @returns those that answer, and whether one did not that is connected */
  async others(): Promise<{ answering: Server[]; silent: boolean }> {
    const { ungated: client } = this.redis;
    const others = primariesOf(client).filter((node) => this.current.get(this.placeAt(node))?.node !== node);
    // A client of the host's own may connect to a server with the first command only.
    const connecting = others.filter(({ status }) => status === 'wait').map((node) => node.connect());
    if (connecting.length > 0) await Promise.race([Promise.allSettled(connecting), delay(CONNECT_MS)]);
    // The rest are asked when they connect.
    const asked = client.isCluster ? others.filter(({ status }) => status === 'ready') : others;
    const answers = await Promise.allSettled(asked.map((node) => this.lookAt(node)));
    const answering = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    return { answering, silent: answering.length < asked.length };
  }

  isKnown({ runId }: Server): boolean {
    return this.known.has(runId);
  }

  /** It has everything, unless its connection was lost since it was looked at: then it is looked at again. */
  add(server: Server): void {
    if (server.node.stream !== server.stream || server.node.status !== 'ready') return;
    // Whoever was the only primary before may have missed something by the time it is one again.
    if (server.place === WHOLE) this.known.clear();
    this.known.add(server.runId);
    this.current.set(server.place, server);
    server.node.once('close', () => this.forget(server));
  }

  /** To be called when servers came, went or changed their roles. */
  review(): void {
    const { ungated: client } = this.redis;
    if (client.isCluster) {
      for (const replica of (client as Cluster).nodes('slave')) {
        const server = this.current.get(this.placeAt(replica));
        // What it takes over from its primary may lack something.
        if (server && this.forget(server)) this.known.delete(server.runId);
      }
    }
    const primaries = client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
    this.redis.isCurrent =
      primaries.length > 0 && primaries.every((node) => this.current.get(this.placeAt(node))?.node === node);
  }

  /** The connections are lost, all of them. */
  clear(): void {
    this.current.clear();
    this.redis.isCurrent = false;
  }

  private forget(server: Server): boolean {
    if (this.current.get(server.place) !== server) return false;
    this.redis.isCurrent = false;
    return this.current.delete(server.place);
  }

  private placeAt({ options }: Redis): string {
    return this.redis.ungated.isCluster ? `${options.host}:${options.port}` : WHOLE;
  }

  private async lookAt(node: Redis): Promise<Server> {
    const { stream } = node;
    const runId = /^run_id:(\w+)/m.exec(await node.info('server'))?.[1] ?? '';
    return { node, place: this.placeAt(node), runId, stream };
  }
}
