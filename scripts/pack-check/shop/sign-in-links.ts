import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';

const LIFETIME_MS = 10 * 60_000;

/** Tokens that log a customer in, once. Kept as digests, like passwords: who reads them cannot use them. */
@Injectable()
export class SignInLinks {
  private readonly open = new Map<string, { customerId: string; untilMs: number }>();

  issue(customerId: string): string {
    const token = randomBytes(24).toString('base64url');
    this.open.set(digestOf(token), { customerId, untilMs: Date.now() + LIFETIME_MS });
    return token;
  }

  take(token: string): string | null {
    const digest = digestOf(token);
    const link = this.open.get(digest);
    this.open.delete(digest);
    return link && link.untilMs > Date.now() ? link.customerId : null;
  }
}

const digestOf = (token: string) => createHash('sha256').update(token).digest('base64url');
