import { Inject, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import type { SessionPrincipal } from '../../session/index.js';
import { AUTH_OPTIONS, type ResolvedAuthOptions } from '../auth.module-definition.js';

const loaded = new WeakMap<object, Express.User>();

/** What `loadUser` has made of the user of a request; undefined in a host that has no such option. */
export function ownUser(req: object): Express.User | undefined {
  return loaded.get(req);
}

/** Makes the host's own user of a session's principal, where the host has one: the option `loadUser`. */
@Injectable()
export class UserLoader {
  constructor(@Inject(AUTH_OPTIONS) private readonly options: Pick<ResolvedAuthOptions, 'loadUser'>) {}

  /** Whether the host has users of its own. */
  get active(): boolean {
    return this.options.loadUser !== undefined;
  }

  /** What `req.user` is for a principal; undefined when the host knows nobody of this id. Rejects as `loadUser` does. */
  async load(principal: SessionPrincipal, req: Request): Promise<Express.User | undefined> {
    if (!this.options.loadUser) return principal;
    const user = (await this.options.loadUser(principal, req)) ?? undefined;
    if (user) loaded.set(req, user);
    else loaded.delete(req);
    return user;
  }
}
