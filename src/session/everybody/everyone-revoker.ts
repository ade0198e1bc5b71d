import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SESSION_STORE } from '../session.tokens.js';
import type { RedisSessionStore } from '../store/redis-session.store.js';
import { scanKeys } from '../store/scan.js';
import type { SessionEngine } from '../store/session-engine.js';
import { EveryoneOperation, type Operation } from './everyone-operation.js';
import { EveryoneScan } from './everyone-scan.js';

const RESUME_INTERVAL_MS = 5_000;
// After an outage, while a slot is moving, and for when the node that runs an operation may have died.
const RETRY_MS = 500;

/**
 * Ends everybody's sessions. The epoch is raised first, so that a login under way destroys what it makes; then every
 * primary is scanned and every record deleted, in chunks. The operation lies in Redis under a lease: when the node that
 * runs it dies, another one takes it over.
 */
@Injectable()
export class EveryoneRevoker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly engine: SessionEngine;
  private readonly operation: EveryoneOperation;
  private readonly runner = randomUUID();
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private retry: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(@Inject(SESSION_STORE) store: RedisSessionStore) {
    this.engine = store.engine;
    this.operation = new EveryoneOperation(this.engine.redis);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => this.resume(), RESUME_INTERVAL_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    clearTimeout(this.retry);
    // What is not finished is resumed by whichever node is there.
    await this.running;
  }

  /**
   * @param keep key of the one record that stays
   * @returns the operation's id; that of the one under way, which begins anew, when there is one
   */
  async start(keep: string | undefined): Promise<{ operationId: string; durable?: boolean }> {
    const begun = await this.operation.begin(randomBytes(16).toString('base64url'), keep);
    this.runInBackground(begun.operationId);
    return begun;
  }

  async find(id: string): Promise<Operation | null> {
    return this.operation.find(id);
  }

  /** Live sessions of users, and users who have one. Records that are dead but not swept yet may be counted. */
  async count(): Promise<{ liveSessions: number; usersWithSessions: number }> {
    const { client, keys } = this.engine.redis;
    const users = new Set<string>();
    let liveSessions = 0;
    const walk = async () => {
      for await (const found of scanKeys(client, keys.allSessions)) {
        for (const key of found) {
          const at = keys.parseSession(key);
          if (!at?.ofUser) continue;
          liveSessions += 1;
          users.add(at.tag);
        }
      }
    };
    await this.engine.redis.ask('stats', walk());
    return { liveSessions, usersWithSessions: users.size };
  }

  private resume(): void {
    this.operation.findCurrent().then(
      (id) => {
        if (id !== null) this.runInBackground(id);
      },
      // An outage is reported by whoever needs Redis for a request.
      () => undefined,
    );
  }

  private runInBackground(id: string): void {
    if (this.running || this.closed) return;
    const scan = new EveryoneScan(this.engine, this.operation, id, this.runner, () => this.closed);
    this.running = scan
      .run()
      // The operation stays in Redis.
      .catch(() => undefined)
      .finally(() => {
        this.running = undefined;
        if (!this.closed) this.retry = setTimeout(() => this.resume(), RETRY_MS).unref();
      });
  }
}
