import { type DynamicModule, Inject, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ApplicationConfig } from '@nestjs/core';
import { noStore } from '../problem/index.js';
import { everyRoute, SESSION_OPTIONS } from '../session/index.js';
import { AuthController } from './auth.controller.js';
import {
  AUTH_OPTIONS,
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
  type ResolvedAuthOptions,
} from './auth.module-definition.js';
import { resolveAuthOptions } from './auth.options.js';
import { AuthService } from './auth.service.js';
import { CredentialsService } from './credentials.service.js';
import { EventsController } from './events.controller.js';
import { RecentLogin } from './guards/recent-login.js';
import { RecentLoginGuard } from './guards/recent-login.guard.js';
import { RolesGuard } from './guards/roles.guard.js';
import { SessionGuard } from './guards/session.guard.js';
import { LoginService } from './login.service.js';
import { OwnSessionsService } from './own-sessions.service.js';
import { MailQueue } from './mail/mail-queue.js';
import { LocalStrategy } from './passport/local.strategy.js';
import { PassportMiddleware } from './passport/passport.middleware.js';
import { UserLoader } from './passport/user-loader.js';
import { PasswordController } from './password.controller.js';
import { NewPasswords } from './password/new-passwords.js';
import { PasswordSetter } from './password/password-setter.js';
import { PasswordPolicy } from './password/password-policy.js';
import { PasswordService } from './password.service.js';
import { RegistrationController } from './registration/registration.controller.js';
import { RegistrationService } from './registration/registration.service.js';
import { PasswordResetService } from './reset/password-reset.service.js';
import { SecurityRecorder } from './security-recorder.js';
import { SessionsController } from './sessions.controller.js';
import { ThrottleGate } from './throttle/throttle-gate.js';
import { ThrottleTrail } from './throttle/throttle-trail.js';
import { OneTimeTokens } from './tokens/one-time-tokens.js';
import { VerifyController } from './verify.controller.js';

/**
 * Logging in and out, one's own sessions and password, over a host's users. Needs SessionModule, imported with
 * `isGlobal: true`. It binds no guard: a host makes SessionGuard, RolesGuard and RecentLoginGuard its APP_GUARDs, in
 * this order, and is closed from then on.
 */
@Module({
  controllers: [
    AuthController,
    EventsController,
    RegistrationController,
    SessionsController,
    PasswordController,
    VerifyController,
  ],
  providers: [
    {
      provide: AUTH_OPTIONS,
      useFactory: resolveAuthOptions,
      inject: [MODULE_OPTIONS_TOKEN, SESSION_OPTIONS],
    },
    {
      provide: PasswordPolicy,
      useFactory: ({ passwordMinLength, contextWords }: ResolvedAuthOptions) =>
        new PasswordPolicy({ minLength: passwordMinLength, contextWords }),
      inject: [AUTH_OPTIONS],
    },
    {
      provide: OneTimeTokens,
      useFactory: ({ oneTimeTokens }: ResolvedAuthOptions) => new OneTimeTokens(oneTimeTokens),
      inject: [AUTH_OPTIONS],
    },
    AuthService,
    CredentialsService,
    LocalStrategy,
    LoginService,
    MailQueue,
    NewPasswords,
    OwnSessionsService,
    PassportMiddleware,
    PasswordResetService,
    PasswordService,
    PasswordSetter,
    RecentLogin,
    RecentLoginGuard,
    RegistrationService,
    RolesGuard,
    SecurityRecorder,
    SessionGuard,
    ThrottleGate,
    ThrottleTrail,
    UserLoader,
  ],
  exports: [
    AUTH_OPTIONS,
    AuthService,
    NewPasswords,
    PasswordPolicy,
    RecentLogin,
    RecentLoginGuard,
    RolesGuard,
    SecurityRecorder,
    SessionGuard,
  ],
})
export class AuthModule extends ConfigurableModuleClass implements NestModule {
  /** The module with these options. @throws InvalidOptionsError when the application starts */
  static override forRoot(options: typeof OPTIONS_TYPE): DynamicModule {
    return super.forRoot(options);
  }

  /** The module with options from a factory, which may be given providers and return a promise. `isGlobal` stands beside the factory. */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  constructor(@Inject(ApplicationConfig) private readonly config: ApplicationConfig) {
    super();
  }

  /** @internal Called by Nest. */
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(PassportMiddleware).forRoutes(everyRoute(this.config));
    // What guards refuse, and what is not there, never comes to a handler's own headers.
    consumer.apply(noStore).forRoutes('auth');
  }
}
