import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import type { Request } from 'express';
import { type LoginTicket, SessionService } from 'latchkey';
import { Strategy } from 'passport';
import type { Customer } from './customer.js';
import { Customers } from './customers.js';
import { SignInLinks } from './sign-in-links.js';

/** What Passport puts into `req.authInfo`. */
export interface SignIn {
  ticket: LoginTicket;
}

type Done = (error: unknown, customer?: Customer | null, info?: SignIn) => void;

/** The half that knows Passport: hands the token of the address to `validate`, and its answer back. */
class TokenStrategy extends Strategy {
  constructor(private readonly verify: (token: string, done: Done) => void) {
    super();
  }

  override authenticate(req: Request): void {
    const { token } = req.body as { token?: unknown };
    if (typeof token !== 'string') {
      this.fail(401);
      return;
    }
    this.verify(token, (error, customer, info) => {
      if (error) this.error(error);
      else if (customer) this.success(customer, info);
      else this.fail(401);
    });
  }
}

/** Logs in who has the token from a mail that was sent to a customer. */
@Injectable()
export class SignInLinkStrategy extends PassportStrategy(TokenStrategy, 'sign-in-link') {
  constructor(
    private readonly links: SignInLinks,
    private readonly customers: Customers,
    private readonly sessions: SessionService,
  ) {
    super();
  }

  async validate(token: string): Promise<[Customer, SignIn] | null> {
    const customerId = this.links.take(token);
    if (customerId === null) return null;
    // Before the customer is read: whoever is disabled from here on gets no session by this login.
    const ticket = await this.sessions.takeTicket(customerId);
    const customer = this.customers.find(customerId);
    return customer && !customer.disabled ? [customer, { ticket }] : null;
  }
}
