// What `latchkey/testing` needs of sessions that no application may use.
export { beginRequest } from './request/request-state.js';
export type { ResolvedSessionOptions } from './session.module-definition.js';
export { SESSION_OPTIONS } from './session.tokens.js';
export { verifyBearerToken } from './token/bearer-token.js';
export { signCookie, tokenInCookie } from './token/signed-cookie.js';
