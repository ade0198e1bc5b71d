import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { effectiveRoles, liveSession, ProblemException } from 'latchkey';

export type Permission = 'prices:write' | 'orders:refund';

const PERMISSIONS: Record<string, Permission[]> = {
  clerk: ['orders:refund'],
  admin: ['orders:refund', 'prices:write'],
};

/** Lets in only whose roles give this permission. */
export const Needs = Reflector.createDecorator<Permission>();

@Injectable()
export class PermissionsGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const permission = this.reflector.getAllAndOverride(Needs, [context.getHandler(), context.getClass()]);
    if (!permission) return true;
    const session = liveSession(context.switchToHttp().getRequest<Request>());
    if (!session) throw new ProblemException('UNAUTHENTICATED');
    const allowed = (roles: string[]) => roles.some((role) => PERMISSIONS[role]?.includes(permission));
    if (allowed(effectiveRoles(session, 'admin'))) return true;
    throw new ProblemException(allowed(session.principal.roles) ? 'REAUTHENTICATION_REQUIRED' : 'FORBIDDEN');
  }
}
