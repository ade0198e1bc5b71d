import { applyDecorators } from '@nestjs/common';
import { ApiBearerAuth, ApiCookieAuth } from '@nestjs/swagger';

/** Names of the two ways to carry a session in the OpenAPI document's security schemes. */
export const COOKIE_SCHEME = 'cookie';
export const BEARER_SCHEME = 'bearer';

/** Documents that an operation needs a session, by cookie or by bearer token. */
export function ApiSession(): ClassDecorator & MethodDecorator {
  return applyDecorators(ApiCookieAuth(COOKIE_SCHEME), ApiBearerAuth(BEARER_SCHEME));
}
