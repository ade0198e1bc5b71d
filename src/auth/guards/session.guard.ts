import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ProblemException } from '../../problem/index.js';
import {
  applySessionRoute,
  presentedCredential,
  presentedTransport,
  routeMetadata,
} from '../../session/index.js';
import { SESSION_DEMAND, type SessionDemand } from './auth.decorators.js';
import { liveSession } from './live-session.js';

/**
 * Closed by default: a route without `@Public()` or `@OptionalSession()` needs a live session. Bind it as the first
 * APP_GUARD. What it lets in is authenticated, not authorised. It also puts a route's `@SessionPolicy()` and `@NoTouch()`
 * into force.
 * @throws ProblemException `UNAUTHENTICATED`
 */
@Injectable()
export class SessionGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    applySessionRoute(this.reflector, context);
    const demand = routeMetadata<SessionDemand>(this.reflector, SESSION_DEMAND, context);
    if (demand === 'public') return true;
    const req = context.switchToHttp().getRequest<Request>();
    if (liveSession(req)) return true;
    // An expired cookie is what every visitor has who was logged in yesterday, and he cannot take it away himself.
    if (
      demand === 'optional' &&
      !(presentedTransport(req) === 'bearer' && presentedCredential(req) === 'invalid')
    )
      return true;
    throw new ProblemException('UNAUTHENTICATED');
  }
}
