import type { SessionPrincipal } from 'latchkey';

/** Whoever has an account in the shop. */
export interface Customer extends SessionPrincipal {
  plan: 'free' | 'gold';
}

/** A line of the cart. */
export interface CartLine {
  article: string;
  pieces: number;
}
