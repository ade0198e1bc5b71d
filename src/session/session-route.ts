import { type ExecutionContext, SetMetadata } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { requestStateOf } from './request/request-state.js';
import { routeMetadata } from './route-metadata.js';
import type { SavePolicy } from './session.types.js';

const NO_TOUCH = Symbol('latchkey.no-touch');

/**
 * Says what becomes of changes that this route, or every route of this controller, makes to the session while another
 * request changes it too. SessionGuard puts it into force; a route's own takes the place of its controller's.
 * @default 'merge'
 */
export const SessionPolicy = Reflector.createDecorator<SavePolicy>();

/**
 * Requests of this route, or of every route of this controller, do not count as use: what a page asks by itself must not
 * keep an idle session alive. They send no touch; changes that they make to the session are stored all the same, and that
 * counts. SessionGuard puts it into force.
 * @see OWASP ASVS 5.0, 7.3.1
 */
export const NoTouch = () => SetMetadata(NO_TOUCH, true);

/** Puts a route's decorators into force for a request. SessionGuard calls it; a host with a guard of its own does. */
export function applySessionRoute(reflector: Reflector, context: ExecutionContext): void {
  const state = requestStateOf(context.switchToHttp().getRequest<Request>());
  if (!state) return;
  state.savePolicy = routeMetadata<SavePolicy>(reflector, SessionPolicy, context) ?? 'merge';
  state.touch = state.savePolicy !== 'readonly' && !routeMetadata<boolean>(reflector, NO_TOUCH, context);
}
