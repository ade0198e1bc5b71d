import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth } from '@nestjs/swagger';

/** Name of the session cookie among the OpenAPI document's security schemes. */
export const COOKIE_SCHEME = 'cookie';
/** Name of the bearer token there. */
export const BEARER_SCHEME = 'bearer';

/** Headers of an answer that has ended sessions, for `ApiResponse`. */
export const REVOCATION_HEADERS = {
  'Revocation-Durable': {
    description:
      'Only where revocations are replicated, and sessions have ended: whether the replicas have confirmed it, so that a failover cannot undo it. It is in force in any case.',
    schema: { type: 'string' as const, enum: ['true', 'false'] },
  },
};

/** Body of an answer that is a stream of events, for `ApiResponse`. */
export const EVENT_STREAM = { 'text/event-stream': { schema: { type: 'string' as const } } };

/** Documents that an operation needs a session, by cookie or by bearer token. */
export function ApiSession(): ClassDecorator & MethodDecorator {
  return applyDecorators(ApiCookieAuth(COOKIE_SCHEME), ApiBearerAuth(BEARER_SCHEME));
}
