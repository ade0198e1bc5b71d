import {
  type DynamicModule,
  Inject,
  Logger,
  type MiddlewareConsumer,
  Module,
  type NestModule,
  type OnApplicationShutdown,
  type OnModuleInit,
} from '@nestjs/common';
import { ApplicationConfig, HttpAdapterHost } from '@nestjs/core';
import { JournalReplay } from './durability/journal-replay.js';
import { EveryoneRevoker } from './everybody/everyone-revoker.js';
import { everyRoute } from './every-route.js';
import { refuseTrustInEverybody } from './request/trusted-proxies.js';
import { reportOutages } from './outage-report.js';
import { SessionLifecycle } from './session-lifecycle.js';
import { SessionMiddleware } from './session.middleware.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
  type ResolvedSessionOptions,
  SESSION_PATHS_EXCLUDED,
  type SessionModuleOptions,
} from './session.module-definition.js';
import { resolveSessionOptions } from './session.options.js';
import { SessionStoreUnavailableError } from './session.errors.js';
import { SessionService } from './session.service.js';
import { SessionSockets } from './sockets/session-sockets.js';
import { SessionStreams } from './streams/session-streams.js';
import { SESSION_OPTIONS, SESSION_STORE } from './session.tokens.js';
import type { SessionPrincipal } from './session.types.js';
import { RedisSessionStore } from './store/redis-session.store.js';
import { SessionEngine } from './store/session-engine.js';

// A start that takes longer goes on without; requests get 503 until it is done.
const REPLAY_PATIENCE_MS = 1_000;

/**
 * Sessions on Redis for a Nest application: mounts express-session over a RedisSessionStore for every route, and
 * provides SessionService. Import it with `forRoot` or `forRootAsync`; it opens and closes no connection.
 */
@Module({
  providers: [
    { provide: SESSION_OPTIONS, useFactory: resolveSessionOptions, inject: [MODULE_OPTIONS_TOKEN] },
    { provide: SESSION_STORE, useFactory: createStore, inject: [SESSION_OPTIONS] },
    SessionLifecycle,
    EveryoneRevoker,
    {
      provide: JournalReplay,
      useFactory: ({ journal }: ResolvedSessionOptions, { engine }: RedisSessionStore) =>
        journal ? new JournalReplay(engine, journal) : null,
      inject: [SESSION_OPTIONS, SESSION_STORE],
    },
    SessionMiddleware,
    SessionService,
    SessionSockets,
    SessionStreams,
  ],
  exports: [SessionService, SessionSockets, SessionStreams, SESSION_OPTIONS, SESSION_STORE, JournalReplay],
})
export class SessionModule
  extends ConfigurableModuleClass
  implements NestModule, OnModuleInit, OnApplicationShutdown
{
  /** The module with these options. @throws InvalidOptionsError when the application starts */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options from a factory, which may be given providers and return a promise. `isGlobal` and `exclude` stand beside the factory. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  constructor(
    @Inject(SESSION_STORE) private readonly store: RedisSessionStore,
    @Inject(SESSION_PATHS_EXCLUDED) private readonly excluded: string[],
    @Inject(JournalReplay) private readonly replay: JournalReplay | null,
    @Inject(HttpAdapterHost) private readonly host: HttpAdapterHost,
    @Inject(ApplicationConfig) private readonly config: ApplicationConfig,
  ) {
    super();
  }

  /** @internal Called by Nest. */
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply(SessionMiddleware)
      .exclude(...this.excluded)
      .forRoutes(everyRoute(this.config));
  }

  /** @internal Called by Nest. */
  async onModuleInit(): Promise<void> {
    // Without a server, on the command line, there is no adapter.
    refuseTrustInEverybody(
      (this.host.httpAdapter as HttpAdapterHost['httpAdapter'] | undefined)?.getInstance(),
    );
    const { engine } = this.store;
    try {
      await engine.ready();
      await this.replay?.open(REPLAY_PATIENCE_MS);
    } catch (error) {
      // A Redis that does not answer is no reason not to start; the first request that needs it asks again.
      if (!(error instanceof SessionStoreUnavailableError)) throw error;
    }
    engine.redis.clock.start();
  }

  /** @internal Called by Nest, after the HTTP server has finished its requests, which still touch and save. */
  async onApplicationShutdown(): Promise<void> {
    await this.replay?.close();
    await this.store.engine.close();
  }
}

const logger = new Logger('SessionModule');

function createStore(options: ResolvedSessionOptions): RedisSessionStore {
  reportOutages(options.client, logger);
  const engine = new SessionEngine({
    ...options,
    guardIndexKeys: true,
    warn: (message) => logger.warn(message),
    serializer: JSON,
    protectedKeys: ['passport'],
    userOf: (data) => {
      const user = (data['passport'] as { user?: Partial<SessionPrincipal> } | undefined)?.user;
      return typeof user?.id === 'string'
        ? principalOf(user as Partial<SessionPrincipal> & { id: string })
        : undefined;
    },
  });
  return new RedisSessionStore({ client: options.client, prefix: options.prefix }, engine);
}

// A host that logs people in with passport's own req.logIn may store less of a user than SessionService does.
function principalOf(user: Partial<SessionPrincipal> & { id: string }): SessionPrincipal {
  return {
    id: user.id,
    email: user.email ?? '',
    displayName: user.displayName ?? null,
    // A copy: whoever changes his `req.user` does not change what the session was read as.
    roles: Array.isArray(user.roles) ? [...user.roles] : [],
    disabled: false,
    createdAt: user.createdAt ?? '',
  };
}

export type { SessionModuleOptions };
