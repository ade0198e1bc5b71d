/** The RedisSessionStore of the application: an express-session Store, for hosts that need it beside the middleware. */
export const SESSION_STORE = Symbol('SESSION_STORE');

// The first that AuthModule asks for: Nest names it in its message to a host that has forgotten SessionModule.
/** The module's options with every default in place. */
export const SESSION_OPTIONS = Symbol(
  'SESSION_OPTIONS; import SessionModule.forRoot({ isGlobal: true, … }) to have them',
);
