import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { routeMetadata } from '../../session/index.js';
import { RECENT_LOGIN } from './auth.decorators.js';
import { RecentLogin } from './recent-login.js';

/**
 * Lets a request pass to routes with `@RequireRecentLogin()` only when its user has proved presence within the window
 * of the options.
 * @throws ProblemException `UNAUTHENTICATED`, `REAUTHENTICATION_REQUIRED`
 */
@Injectable()
export class RecentLoginGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly recentLogin: RecentLogin,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    if (routeMetadata<boolean>(this.reflector, RECENT_LOGIN, context)) {
      this.recentLogin.demand(context.switchToHttp().getRequest<Request>());
    }
    return true;
  }
}
