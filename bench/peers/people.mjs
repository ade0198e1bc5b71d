// The people that every peer knows, in memory: none of them pays for a database. Their passwords are compared as they are
// unless PASSWORDS=argon2, since most scenarios only need somebody to be logged in.
import argon2 from 'argon2';

/** @typedef {{ id: string, email: string, displayName: string, roles: string[], disabled: boolean, createdAt: string }} Person */

const PEOPLE = 10_000;
const PASSWORD = 'nine small goats on a roof';
const HASHED = process.env['PASSWORDS'] === 'argon2';
// What Latchkey's program has as its default.
const PARAMETERS = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const ANSWER_BYTES = Number(process.env['ANSWER_BYTES'] ?? 600);

/** @type {Map<string, Person>} */
const byId = new Map();
/** @type {Map<string, Person>} */
const byEmail = new Map();
for (let i = 0; i < PEOPLE; i += 1) {
  const person = {
    id: `0f1e2d3c-4b5a-4978-8796-${String(i).padStart(12, '0')}`,
    email: `person${String(i).padStart(6, '0')}@example.com`,
    displayName: 'Ada Lovelace',
    roles: [],
    disabled: false,
    createdAt: '2026-01-01T00:00:00.000Z',
  };
  byId.set(person.id, person);
  byEmail.set(person.email, person);
}
const hash = HASHED ? await argon2.hash(PASSWORD, PARAMETERS) : '';

/** @param {string} id */
export const findPerson = (id) => byId.get(id) ?? null;

/**
 * @param {string} email
 * @param {string} password
 * @returns {Promise<Person | null>} null when they do not belong together
 */
export async function checkPassword(email, password) {
  const person = byEmail.get(email);
  if (!person) return null;
  const right = HASHED ? await argon2.verify(hash, password) : password === PASSWORD;
  return right ? person : null;
}

const bare = Buffer.byteLength(JSON.stringify({ user: findPerson([...byId.keys()][0] ?? ''), filler: '' }));
const filler = 'x'.repeat(Math.max(0, ANSWER_BYTES - bare));

/** What GET /me says: as many bytes as Latchkey's GET /auth/session. @param {unknown} user */
export const answerOf = (user) => ({ user, filler });

/** Somebody who is always logged in, for the peers that have no sessions. */
export const somebody = /** @type {Person} */ ([...byId.values()][0]);

/**
 * The cart of every peer that has one: how many of each item.
 *
 * @param {Record<string, any>} session
 * @param {string} item
 */
export function addToCart(session, item) {
  const cart = { ...session['cart'] };
  cart[item] = (cart[item] ?? 0) + 1;
  session['cart'] = cart;
  return cart;
}
