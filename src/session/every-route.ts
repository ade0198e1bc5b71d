import type { ApplicationConfig } from '@nestjs/core';

/**
 * What a middleware is to be mounted on so that it runs before every route of an application: the root path, with which
 * every address begins. A wildcard would take each address apart, and put it together again, on every request.
 *
 * Nest widens a wildcard alone to the routes that a host has taken out of its global prefix or of its versions; where
 * there may be any, it is one.
 */
export function everyRoute(config: ApplicationConfig): string {
  return config.getGlobalPrefix() || config.getVersioning() ? '{*path}' : '/';
}
