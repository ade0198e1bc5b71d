// Passport as its documentation sets it up: the local strategy, and the user's id in the session.
import passport from 'passport';
import { Strategy } from 'passport-local';
import { checkPassword, findPerson } from './people.mjs';

passport.use(
  new Strategy({ usernameField: 'email' }, (email, password, done) => {
    checkPassword(email, password).then((user) => done(null, user ?? false), done);
  }),
);
passport.serializeUser((user, done) => done(null, /** @type {any} */ (user).id));
passport.deserializeUser((/** @type {string} */ id, done) => done(null, findPerson(id)));

/**
 * @param {any} req
 * @returns {Promise<unknown>} the user
 */
export function logIn(req) {
  return new Promise((resolve, reject) => {
    passport.authenticate('local', (/** @type {unknown} */ error, /** @type {any} */ user) => {
      if (error || !user) reject(error ?? new Error('wrong password'));
      else req.logIn(user, (/** @type {unknown} */ failed) => (failed ? reject(failed) : resolve(user)));
    })(req);
  });
}

/**
 * @param {any} req
 * @returns {Promise<void>}
 */
export function logOut(req) {
  return new Promise((resolve, reject) => {
    req.session.destroy((/** @type {unknown} */ error) => (error ? reject(error) : resolve()));
  });
}
