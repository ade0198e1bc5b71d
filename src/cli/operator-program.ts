import { type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { connect } from 'node:net';

import { AppModule } from '../app.module.js';
import {
  AUTH_OPTIONS,
  AuthService,
  NewPasswords,
  SecurityRecorder,
  type ChangeRecording,
  type PendingRecording,
  type ResolvedAuthOptions,
  type SecurityEvent,
} from '../auth/index.js';
import { type Env, privateRedisSocket } from '../config/index.js';
import type { RedisSessionStore } from '../session/index.js';
import { JournalReplay, SESSION_STORE, SessionDoctor, SessionService } from '../session/index.js';
import { UsersService } from '../users/index.js';
import { CommandError } from './cli.errors.js';
import { operatorDetail } from './operator.js';

/**
 * The program without its HTTP server: what it does to accounts reaches live sessions exactly as the HTTP calls do.
 * Whatever it starts in the background, such as bringing what is left in the outbox to the sessions, ends with `close`.
 */
export class OperatorProgram {
  readonly users: UsersService;
  readonly auth: AuthService;
  readonly newPasswords: NewPasswords;
  readonly options: ResolvedAuthOptions;
  readonly sessions: SessionService;
  readonly doctor: SessionDoctor;
  readonly replay: JournalReplay;

  private readonly recorder: SecurityRecorder;

  private constructor(private readonly app: INestApplicationContext) {
    // The tokens are of modules that the application's root does not export.
    const anywhere = { strict: false };
    this.users = app.get(UsersService, anywhere);
    this.auth = app.get(AuthService, anywhere);
    this.newPasswords = app.get(NewPasswords, anywhere);
    this.options = app.get<ResolvedAuthOptions>(AUTH_OPTIONS, anywhere);
    this.sessions = app.get(SessionService, anywhere);
    this.recorder = app.get(SecurityRecorder, anywhere);
    this.replay = app.get(JournalReplay, anywhere);
    this.doctor = new SessionDoctor(app.get<RedisSessionStore>(SESSION_STORE, anywhere));
  }

  /**
   * Connects to Redis and the database that the settings name.
   * @throws CommandError when the private Redis of this data directory is not running
   * @throws RedisBootError, DatabaseUnavailableError
   */
  static async open(env: Env): Promise<OperatorProgram> {
    const socket = privateRedisSocket(env.dataDir);
    if (env.redis.socket === socket && !(await answers(socket))) {
      throw new CommandError('Redis does not answer: start the program first (npm start), or set REDIS_URL.');
    }
    // The program that runs has that port.
    const metrics = { ...env.metrics, port: undefined };
    const app = await NestFactory.createApplicationContext(AppModule.forRoot({ ...env, metrics }), {
      logger: false,
      abortOnError: false,
    });
    return new OperatorProgram(app);
  }

  /** Writes into the trail what an operator did. Nobody is logged in here, so it has no actor. */
  async record(event: Pick<SecurityEvent, 'type' | 'userId' | 'sessionId' | 'detail'>): Promise<void> {
    await this.options.events?.record({
      ...event,
      actorId: null,
      detail: { ...event.detail, ...operatorDetail() },
    });
  }

  /** As {@link record}, for a change of an account: its events are committed with it. */
  recording(
    describe: (
      act: Pick<SecurityEvent, 'actorId' | 'detail'>,
      ...change: Parameters<ChangeRecording['eventsOf']>
    ) => SecurityEvent[],
  ): PendingRecording {
    const act = { actorId: null, detail: operatorDetail() };
    return this.recorder.recording({}, (after, before) => describe(act, after, before));
  }

  /** Closes every connection. */
  async close(): Promise<void> {
    await this.app.close();
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const settle = (answered: boolean) => {
      connection.destroy();
      resolve(answered);
    };
    connection.once('connect', () => settle(true)).once('error', () => settle(false));
  });
}
