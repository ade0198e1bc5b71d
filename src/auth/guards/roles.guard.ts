import { type CanActivate, type ExecutionContext, Inject, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { ProblemException } from '../../problem/index.js';
import { routeMetadata } from '../../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';
import { ROLES } from './auth.decorators.js';
import { effectiveRoles, liveSession } from './live-session.js';

/**
 * Lets a request pass when its user has one of the route's `@Roles()`; a route without any is open to every session.
 * Roles are those of now, not those of the login. The admin role counts only in a session of the admin profile, whose
 * lifetimes are shorter: who was promoted meanwhile is asked to re-authenticate, which moves him there.
 * @throws ProblemException `UNAUTHENTICATED`, `FORBIDDEN`, `REAUTHENTICATION_REQUIRED`
 */
@Injectable()
export class RolesGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    @Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'adminRole'>,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const roles = routeMetadata<string[]>(this.reflector, ROLES, context);
    if (!roles) return true;
    const session = liveSession(context.switchToHttp().getRequest<Request>());
    if (!session) throw new ProblemException('UNAUTHENTICATED');
    const allowed = (held: string[]) => roles.some((role) => held.includes(role));
    if (allowed(effectiveRoles(session, this.options.adminRole))) return true;
    throw new ProblemException(allowed(session.principal.roles) ? 'REAUTHENTICATION_REQUIRED' : 'FORBIDDEN');
  }
}
