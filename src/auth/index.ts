export { AuthModule } from './auth.module.js';
export { AUTH_OPTIONS } from './auth.module-definition.js';
export type {
  AuthModuleExtras,
  AuthModuleOptions,
  KnownOrigins,
  ResolvedAuthOptions,
} from './auth.module-definition.js';
export { AuthService } from './auth.service.js';
export type { EstablishSessionOptions, LoggedIn } from './auth.service.js';
export {
  EmailTakenError,
  InvalidTokenError,
  LoginBusyError,
  PasswordChangedError,
  PasswordTooWeakError,
  RequestAbandonedError,
  TooManyAttemptsError,
  UnknownUserError,
} from './auth.errors.js';
export type { RateLimitPolicy } from './auth.errors.js';
export {
  ApiSession,
  BEARER_SCHEME,
  COOKIE_SCHEME,
  EVENT_STREAM,
  REVOCATION_HEADERS,
} from './auth.openapi.js';
export { SessionListSchema, SessionSchema, toUserView, UserSchema } from './auth.responses.js';
export type { UserView } from './auth.responses.js';
export { crossSiteGuard, type CrossSiteOptions } from './cross-site.guard.js';
export { crossSiteVerdict, isSafeMethod } from './cross-site.js';
export { socketGate, type SocketGateOptions } from './socket-gate.js';
export type { RequestOrigin } from './cross-site.js';
export { normaliseEmail } from './email.js';
export {
  CurrentSession,
  CurrentUser,
  OptionalSession,
  Public,
  RECENT_LOGIN,
  RequireRecentLogin,
  Roles,
  ROLES,
  SESSION_DEMAND,
} from './guards/auth.decorators.js';
export type { SessionDemand } from './guards/auth.decorators.js';
export { effectiveRoles, liveSession } from './guards/live-session.js';
export { RecentLogin } from './guards/recent-login.js';
export { RecentLoginGuard } from './guards/recent-login.guard.js';
export { RolesGuard } from './guards/roles.guard.js';
export { SessionGuard } from './guards/session.guard.js';
export { LoginNotifier } from './login-notifier.js';
export type { NewDeviceLogin } from './login-notifier.js';
export { LoginThrottle } from './login-throttle.js';
export type { AcceptedAttempt, FailedAttempt, LoginAttempt, ThrottledAttempt } from './login-throttle.js';
export { MailSender } from './mail-sender.js';
export type { AccountExistsMail, PasswordResetMail, RegistrationMail } from './mail-sender.js';
export { OneTimeTokenStore } from './one-time-token-store.js';
export type { OneTimeTokenRecord } from './one-time-token-store.js';
export { Argon2Hasher } from './password/argon2.hasher.js';
export type { Argon2Parameters } from './password/argon2.hasher.js';
export { BreachedPasswords } from './password/breached-passwords.js';
export { HashObserver } from './password/hash-observer.js';
export { NewPasswords } from './password/new-passwords.js';
export type { AcceptedPassword } from './password/new-passwords.js';
export { PasswordPolicy } from './password/password-policy.js';
export type { PasswordOwner } from './password/context-words.js';
export { PwnedPasswordsRange } from './password/pwned-passwords-range.js';
export type { PwnedPasswordsRangeOptions } from './password/pwned-passwords-range.js';
export type { ResetToken } from './reset/password-reset.service.js';
export { PasswordHasher } from './password-hasher.js';
export { SECURITY_EVENT_TYPES, SecurityEvents } from './security-events.js';
export type { ActOrigin, ChangeRecording, SecurityEvent, SecurityEventType } from './security-events.js';
export { originOf, SecurityRecorder } from './security-recorder.js';
export type { PendingRecording } from './security-recorder.js';
export {
  RedisAnonymousSessionLimiter,
  type RedisAnonymousSessionLimiterOptions,
} from './throttle/redis-anonymous-session.limiter.js';
export { RedisLoginThrottle } from './throttle/redis-login.throttle.js';
export type { RedisLoginThrottleOptions } from './throttle/redis-login.throttle.js';
export type { ThrottleLimits } from './throttle/throttle-limits.js';
export { RedisOneTimeTokenStore } from './tokens/redis-one-time-token.store.js';
export type { RedisOneTimeTokenStoreOptions } from './tokens/redis-one-time-token.store.js';
export { UserStore } from './user-store.js';
export type { ChangePasswordOptions, NewUser, UserCredentials } from './user-store.js';
