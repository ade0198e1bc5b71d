import { randomBytes, randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { SessionStoreUnavailableError } from '../session.errors.js';
import { SESSION_STORE } from '../session.tokens.js';
import type { RedisSessionStore } from '../store/redis-session.store.js';
import { scanKeys } from '../store/scan.js';
import { type ScriptClient, withScripts } from '../store/scripts.js';
import type { SessionEngine } from '../store/session-engine.js';

const LEASE_MS = 5_000;
const RESUME_INTERVAL_MS = 5_000;
const OPERATION_TTL_MS = 24 * 60 * 60_000;

/** How far an operation is; `revoked` counts the sessions that were ended, anonymous ones included. */
export interface Operation {
  state: 'running' | 'done';
  revoked: number;
}

/**
 * Ends everybody's sessions. The epoch is raised first, so that a login under way destroys what it makes; then every
 * primary is scanned and every record deleted, in chunks. The operation lies in Redis under a lease: when the node that
 * runs it dies, another one takes it over and scans again, which is idempotent.
 */
@Injectable()
export class EveryoneRevoker implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly engine: SessionEngine;
  private readonly client: ScriptClient;
  private readonly runner = randomUUID();
  private running: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  constructor(@Inject(SESSION_STORE) store: RedisSessionStore) {
    this.engine = store.engine;
    this.client = withScripts(this.engine.options.client);
  }

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => {
      this.resume().catch(() => undefined);
    }, RESUME_INTERVAL_MS).unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.closed = true;
    clearInterval(this.timer);
    // What is not finished is resumed by whichever node is there.
    await this.running;
  }

  /** @param keep key of the one record that stays */
  async start(keep: string | undefined): Promise<string> {
    const id = randomBytes(16).toString('base64url');
    const { keys } = this.engine.redis;
    await this.ask(
      this.client.lkBeginRevokeEveryone(
        keys.epoch(),
        keys.operation(id),
        keys.currentOperation(),
        keys.latestOperation(),
        id,
        keep ?? '',
        OPERATION_TTL_MS,
        this.engine.redis.generationTtlMs,
      ),
    );
    this.runInBackground(id);
    return id;
  }

  async find(id: string): Promise<Operation | null> {
    const [state, revoked] = await this.ask(
      this.client.hmget(this.engine.redis.keys.operation(id), 'state', 'revoked'),
    );
    if (state === null || state === undefined) return null;
    return { state: state as Operation['state'], revoked: Number(revoked) };
  }

  /** Live sessions of users, and users who have one. Records that are dead but not swept yet may be counted. */
  async count(): Promise<{ liveSessions: number; usersWithSessions: number }> {
    const { keys } = this.engine.redis;
    const users = new Set<string>();
    let liveSessions = 0;
    return this.ask(
      (async () => {
        for await (const found of scanKeys(this.client, keys.allSessions)) {
          for (const key of found) {
            const at = keys.parseSession(key);
            if (!at?.ofUser) continue;
            liveSessions += 1;
            users.add(at.tag);
          }
        }
        return { liveSessions, usersWithSessions: users.size };
      })(),
    );
  }

  private async resume(): Promise<void> {
    const id = await this.client.get(this.engine.redis.keys.currentOperation());
    if (id !== null) this.runInBackground(id);
  }

  private runInBackground(id: string): void {
    if (this.running || this.closed) return;
    this.running = this.run(id)
      // An outage: the operation stays in Redis and is resumed.
      .catch(() => undefined)
      .finally(() => (this.running = undefined));
  }

  private async run(id: string): Promise<void> {
    const { keys } = this.engine.redis;
    if (!(await this.note(id, 0, ''))) return;
    for await (const found of scanKeys(this.client, keys.allSessions)) {
      // Asked for each time, and after the scan: the session that is kept may get a new id meanwhile.
      const keep = await this.client.hget(keys.operation(id), 'keep');
      const ended = await Promise.all(found.filter((key) => key !== keep).map((key) => this.end(key)));
      const revoked = ended.filter(Boolean).length;
      if (this.closed || !(await this.note(id, revoked, ''))) return;
      if (revoked > 0) {
        this.engine.options.observer?.onSessionEvent({
          type: 'ended',
          reason: 'revoked-all',
          count: revoked,
        });
      }
    }
    await this.note(id, 0, 'done');
  }

  // Out of its user's index, too: a dead member there would be counted by the next revocation of that user.
  private async end(key: string): Promise<boolean> {
    const at = this.engine.redis.keys.parseSession(key);
    return at !== undefined && this.engine.repository.destroy(at);
  }

  /** @returns whether this node runs the operation */
  private async note(id: string, revoked: number, state: 'done' | ''): Promise<boolean> {
    const { keys } = this.engine.redis;
    const mine = await this.client.lkNoteRevokeEveryone(
      keys.operation(id),
      keys.currentOperation(),
      keys.latestOperation(),
      this.runner,
      LEASE_MS,
      revoked,
      state,
    );
    return mine === 1;
  }

  private async ask<T>(reply: Promise<T>): Promise<T> {
    try {
      return await reply;
    } catch (cause) {
      throw new SessionStoreUnavailableError({ cause });
    }
  }
}
