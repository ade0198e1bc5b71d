import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { type LoginTicket, type SessionPrincipal, SessionService } from 'latchkey';
import { Strategy } from 'passport';
import { Programs } from './programs.js';

/** What the strategy hands on beside the program, as `req.authInfo`. */
export interface KeyLogin {
  ticket: LoginTicket;
}

type Done = (error: unknown, program?: SessionPrincipal | null, info?: KeyLogin) => void;

/** The half that knows Passport: a key in the header `X-Api-Key`. */
class HeaderStrategy extends Strategy {
  constructor(private readonly verify: (key: string, done: Done) => void) {
    super();
  }

  override authenticate(req: Request): void {
    this.verify(req.get('x-api-key') ?? '', (error, program, info) => {
      if (error) this.error(error);
      else if (program) this.success(program, info);
      else this.fail(401);
    });
  }
}

/** The half that knows the programs. */
@Injectable()
export class ApiKeyStrategy extends PassportStrategy(HeaderStrategy, 'api-key') {
  constructor(
    private readonly programs: Programs,
    private readonly sessions: SessionService,
  ) {
    super();
  }

  async validate(key: string): Promise<[SessionPrincipal, KeyLogin] | null> {
    const [, id, secret] = /^([a-z-]{1,40})\.([\w-]{32})$/.exec(key) ?? [];
    if (id === undefined || secret === undefined) return null;
    // Before the key is looked up: when it is replaced meanwhile, this login makes no session.
    const ticket = await this.sessions.takeTicket(id);
    const program = await this.programs.findByKey(id, secret);
    return program && [program, { ticket }];
  }
}
