// The entry `latchkey/ws`, for hosts with @nestjs/websockets and @nestjs/platform-ws; nobody else loads these.
export { ConnectedSession } from './connected-session.decorator.js';
export { SessionWsAdapter, type SessionWsAdapterOptions } from './session-ws.adapter.js';
export { WsProblemFilter } from './ws-problem.filter.js';
export { socketSessionOf } from './socket-session-of.js';
