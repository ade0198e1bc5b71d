export { SessionModule } from './session.module.js';
export type {
  SessionCookieOptions,
  ResolvedSessionOptions,
  SessionModuleExtras,
  SessionModuleOptions,
} from './session.module-definition.js';
export { AnonymousSessionLimiter, type Visitor } from './anonymous-session-limiter.js';
export type { DurabilityOptions } from './durability/durability.options.js';
export { JournalReplay } from './durability/journal-replay.js';
export { RevocationJournal, type JournalEntry } from './durability/revocation-journal.js';
export { tellDurability, together } from './durability/revocation.js';
export { SessionService } from './session.service.js';
export { SessionSockets } from './sockets/session-sockets.js';
export { SocketSession } from './sockets/socket-session.js';
export { isEventStream } from './streams/event-stream.js';
export { SessionStream, type StreamSubject } from './streams/session-stream.js';
export { SessionStreams } from './streams/session-streams.js';
export type { SocketEnding } from './sockets/socket-ending.js';
export type { LegacySession, TakeoverOptions } from './takeover/takeover.options.js';
export { isGuessable, MAKE_A_SECRET } from './token/secret-strength.js';
export { SESSION_OPTIONS, SESSION_STORE } from './session.tokens.js';
export { demandCookieTransport } from './request/cookie-transport.js';
export { onStoreBudget } from './request/store-budget.js';
export { holdUntilStored } from './request/hold-until-stored.js';
export { Breaker } from './store/breaker.js';
export { createSessionId } from './store/create-session-id.js';
export { RedisSessionStore } from './store/redis-session.store.js';
export type { RedisSessionStoreOptions } from './store/redis-session.store.options.js';
export type { JsonData as SessionJson, Serializer } from './store/session-codec.js';
export { presentedCredential, presentedTransport, requestSession } from './request/request-session.js';
export {
  hasCookie,
  isRepeated,
  presentedCredentials,
  type PresentedCredentials,
} from './request/credentials.js';
export type { LoginTicket } from './login-ticket.js';
export { everyRoute } from './every-route.js';
export { routeMetadata } from './route-metadata.js';
export { applySessionRoute, NoTouch, SessionPolicy } from './session-route.js';
export { snapshotOf } from './principal-snapshot.js';
export type { EstablishedSession, EstablishOptions } from './session-lifecycle.js';
export type { Operation } from './everybody/everyone-operation.js';
export type { QuarantinedRecord, QuarantineReport } from './doctor/quarantine-report.js';
export { SessionDoctor, type DoctorReport } from './doctor/session-doctor.js';
export { FINDINGS, type Finding } from './doctor/session-findings.js';
export type { SessionInspection } from './doctor/session-inspection.js';
export * from './session.errors.js';
export {
  SessionObserver,
  type BreakerState,
  type HostSession,
  type HostSessionData,
  type EndCause,
  type EndReason,
  type Lifetime,
  type Lifetimes,
  type LimitPolicy,
  type PrincipalUpdate,
  type Profile,
  type RequestSession,
  type Revocation,
  type SavePolicy,
  type SessionEvent,
  type SessionMeta,
  type SessionPrincipal,
  type SessionView,
  type StoreOperation,
  type Transport,
} from './session.types.js';
