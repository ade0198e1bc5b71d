import type { Cluster, Redis } from 'ioredis';
import { retryWhileMoving } from '../store/moving-slots.js';
import { type ScriptClient, type ScriptName, scriptText } from '../store/scripts.js';
import { type Confirmed, ConfirmedConnection, type ScriptCall } from './confirmed-connection.js';
import type { Durability } from './durability.options.js';
import { keySlot } from './key-slot.js';

/** What a script that ends sessions answered, and whether the replicas have confirmed it, where that is asked for. */
export interface Outcome {
  reply: unknown;
  durable?: boolean;
}

const MOVED = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN) /;

/**
 * Sends what ends sessions. Without replication to wait for: like every other command. With it: on connections of their
 * own, one per primary, made when they are first needed. Where such a connection is not there, or is held up by replicas
 * that do not answer, the script goes the ordinary way and counts as not confirmed: it has to be in force at once.
 */
export class RevocationChannel {
  private readonly connections = new Map<string, ConfirmedConnection>();
  private closed = false;

  constructor(
    private readonly client: ScriptClient,
    private readonly durability: Durability,
  ) {}

  /** @param keys of one slot. @throws what Redis or the client say when the script failed, or nobody knows whether it ran */
  async run(name: ScriptName, keys: readonly string[], args: readonly (string | number)[]): Promise<Outcome> {
    if (this.durability.mode === 'local') return { reply: await this.client[name](...keys, ...args) };
    const confirmed = await retryWhileMoving(() => this.send({ text: scriptText(name), keys, args }));
    return confirmed ?? { reply: await this.client[name](...keys, ...args), durable: false };
  }

  /** Connects to the primaries that are known. Never rejects. */
  async open(): Promise<void> {
    if (this.durability.mode === 'local') return;
    const primaries = this.client.isCluster
      ? (this.client as Cluster).nodes('master')
      : [this.client as Redis];
    await Promise.all(primaries.map((primary) => this.connectionTo(primary).open()));
  }

  close(): void {
    this.closed = true;
    for (const connection of this.connections.values()) connection.close();
    this.connections.clear();
  }

  private async send(call: ScriptCall): Promise<Confirmed | undefined> {
    const primary = this.primaryOf(call.keys[0] as string);
    if (!primary || this.closed) return undefined;
    const confirmed = await this.connectionTo(primary).run(call);
    if (!(confirmed?.reply instanceof Error)) return confirmed;
    // Nothing was executed, and the cluster's map is old.
    if (this.client.isCluster && MOVED.test(confirmed.reply.message))
      (this.client as Cluster).refreshSlotsCache();
    throw confirmed.reply;
  }

  private connectionTo(primary: Redis): ConfirmedConnection {
    // Whoever the sentinels name is one place; a cluster has one for each server.
    const place = this.client.isCluster ? `${primary.options.host}:${primary.options.port}` : '';
    let connection = this.connections.get(place);
    if (!connection) {
      connection = new ConfirmedConnection(primary, this.durability);
      this.connections.set(place, connection);
    }
    return connection;
  }

  private primaryOf(key: string): Redis | undefined {
    if (!this.client.isCluster) return this.client as Redis;
    const cluster = this.client as Cluster;
    const place = cluster.slots[keySlot(key)]?.[0];
    return cluster.nodes('master').find(({ options }) => `${options.host}:${options.port}` === place);
  }
}
