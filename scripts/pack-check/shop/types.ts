import type { CartLine } from './customer.js';

declare module 'express-session' {
  interface SessionData {
    cart: CartLine[];
  }
}
