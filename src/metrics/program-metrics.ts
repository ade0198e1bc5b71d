import { Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Cluster, Redis } from 'ioredis';
import { readFileSync } from 'node:fs';
import { Counter, Gauge } from 'prom-client';

import { AuditTrail } from '../audit/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth/index.js';
import { withinDeadline } from '../database/index.js';
import { REDIS_CLIENT } from '../redis/index.js';
import { SessionSockets, SessionStreams } from '../session/index.js';
import { OutboxRepository, type OutboxBacklog } from '../users/index.js';
import { Metrics } from './metrics.js';

// Shorter than any scrape timeout: a database that is away leaves out two lines, not the whole answer.
const BACKLOG_DEADLINE_MS = 1_000;

/** What is read off the parts of the program when somebody asks, once they are all there. */
@Injectable()
export class ProgramMetrics implements OnApplicationBootstrap {
  private asking: Promise<OutboxBacklog | undefined> | undefined;

  constructor(
    private readonly metrics: Metrics,
    private readonly modules: ModuleRef,
  ) {}

  onApplicationBootstrap(): void {
    const { hasher } = this.find<ResolvedAuthOptions>(AUTH_OPTIONS);
    const trail = this.find(AuditTrail);
    const sockets = this.find(SessionSockets);
    this.gauge('latchkey_connections_open', 'Connections that are open with a session.', () => sockets.size);
    const streams = this.find(SessionStreams);
    this.gauge('latchkey_event_streams_open', 'Of those, streams of events.', () => streams.size);
    this.gauge(
      'latchkey_password_hash_running',
      'Passwords that are being hashed now.',
      () => hasher.running,
    );
    this.gauge(
      'latchkey_password_hash_waiting',
      'Passwords that wait for their turn now.',
      () => hasher.waiting,
    );
    this.count(
      'latchkey_audit_write_failures_total',
      'Events that went to the log instead of the trail.',
      () => trail.failures,
    );
    this.watchRedis(this.find<Redis | Cluster>(REDIS_CLIENT));
    this.watchOutbox(this.find(OutboxRepository));
    this.sayWhatRuns();
  }

  private watchRedis(client: Redis | Cluster): void {
    let reconnects = 0;
    let errors = 0;
    let wasReady = client.status === 'ready';
    client.on('ready', () => {
      if (wasReady) reconnects += 1;
      wasReady = true;
    });
    const onError = (): void => void (errors += 1);
    client.on('error', onError).on('node error', onError);
    this.gauge('latchkey_redis_up', 'Whether the connection to Redis stands: 1 or 0.', () =>
      Number(client.status === 'ready'),
    );
    this.count('latchkey_redis_reconnects_total', 'Times that the connection came back.', () => reconnects);
    this.count(
      'latchkey_redis_connection_errors_total',
      'Errors of connections, failed attempts included.',
      () => errors,
    );
  }

  private watchOutbox(outbox: OutboxRepository): void {
    const ask = () => {
      // Both gauges are collected at the same time, from one query.
      this.asking ??= withinDeadline(BACKLOG_DEADLINE_MS, outbox.backlog())
        .catch(() => undefined)
        .finally(() => (this.asking = undefined));
      return this.asking;
    };
    this.gauge(
      'latchkey_outbox_entries',
      'Changes of users that wait to reach their sessions; absent while the database does not say.',
      async () => (await ask())?.entries,
    );
    this.gauge(
      'latchkey_outbox_oldest_age_seconds',
      'Age of the longest waiting of them, 0 without any; absent while the database does not say.',
      async () => (await ask())?.oldestAgeSeconds,
    );
  }

  private sayWhatRuns(): void {
    const file = new URL('../../package.json', import.meta.url);
    const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string };
    new Gauge({
      name: 'latchkey_build_info',
      help: 'Always 1; says which version runs on which Node.',
      labelNames: ['version', 'node'],
      registers: [this.metrics.registry],
    }).set({ version, node: process.version }, 1);
  }

  private gauge(
    name: string,
    help: string,
    read: () => number | undefined | Promise<number | undefined>,
  ): void {
    new Gauge({
      name,
      help,
      registers: [this.metrics.registry],
      async collect() {
        const value = await read();
        if (value === undefined) this.remove();
        else this.set(value);
      },
    });
  }

  private count(name: string, help: string, read: () => number): void {
    new Counter({
      name,
      help,
      registers: [this.metrics.registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  }

  private find<T>(token: symbol | (abstract new (...args: never[]) => T)): T {
    return this.modules.get<T>(token, { strict: false });
  }
}
