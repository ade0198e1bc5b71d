import type { CartLine, Customer } from './customer.js';

declare global {
  namespace Express {
    // What req.user is.
    interface User extends Customer {}
  }
}

declare module 'express-session' {
  // What req.session holds, beside its cookie.
  interface SessionData {
    cart: CartLine[];
  }
}
