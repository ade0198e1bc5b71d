import { fileURLToPath } from 'node:url';
import { ServerProcess } from './child.mjs';
import { PROGRAM_COOKIE, programSettings } from './program-settings.mjs';

/**
 * @typedef {object} Variant what is measured
 * @property {string} letter
 * @property {string} name
 * @property {string} [peer] file in peers/; without one it is the built program
 * @property {string} path of the route that says who is logged in
 * @property {'none' | 'login' | 'sign-up'} entry how sessions are made
 * @property {boolean} [bearer] whether it knows bearer tokens
 * @property {Record<string, string>} [env] what its peer is told besides
 */

/** @type {Record<string, Variant>} */
export const VARIANTS = Object.fromEntries(
  /** @type {Variant[]} */ ([
    { letter: 'a', name: 'bare Nest route, no session', peer: 'nest-bare', path: '/me', entry: 'none' },
    {
      letter: 'b',
      name: 'Nest + express-session + connect-redis + Passport',
      peer: 'textbook',
      path: '/me',
      entry: 'login',
    },
    { letter: 'c', name: 'the same on Express alone', peer: 'express', path: '/me', entry: 'login' },
    {
      letter: 'd',
      name: 'Better Auth, sessions in Redis',
      peer: 'better-auth',
      path: '/api/auth/get-session',
      entry: 'sign-up',
    },
    {
      letter: 'e',
      name: '@fastify/session, rolling: false',
      peer: 'fastify-session',
      path: '/me',
      entry: 'login',
    },
    { letter: 'f', name: 'raw node:http + one Redis GET', peer: 'raw', path: '/me', entry: 'login' },
    {
      letter: 'g',
      name: 'Latchkey, the program as shipped',
      path: '/auth/session',
      entry: 'login',
      bearer: true,
    },
    {
      letter: 'h',
      name: "Latchkey's modules in a bare Nest app",
      peer: 'library',
      path: '/me',
      entry: 'login',
      bearer: true,
    },
    {
      letter: 'i',
      name: 'bare Nest route on PresetExpressAdapter',
      peer: 'nest-bare',
      path: '/me',
      entry: 'none',
      env: { PRESET: '1' },
    },
  ]).map((variant) => [variant.letter, variant]),
);

export const PASSWORD = 'nine small goats on a roof';
const LOGINS_AT_ONCE = 16;

/** @param {number} i */
export const emailOf = (i) => `person${String(i).padStart(6, '0')}@example.com`;

/**
 * @typedef {object} Running a variant that listens
 * @property {Variant} variant
 * @property {ServerProcess} server
 * @property {string} url
 * @property {(count: number, transport?: 'cookie' | 'bearer') => Promise<Record<string, string>[]>} logIn makes sessions of
 *   as many people, and gives the headers that their requests carry
 */

/**
 * @param {Variant} variant
 * @param {object} options
 * @param {string} options.node
 * @param {import('./redis-server.mjs').RedisServer} options.redis
 * @param {Record<string, string>} [options.env] more of it
 * @param {number} [options.answerBytes]
 * @returns {Promise<Running>}
 */
export async function startVariant(variant, { node, redis, env = {}, answerBytes = 600 }) {
  const { socket, directory } = redis;
  const server = new ServerProcess({
    node,
    directory,
    args: [
      variant.peer ? fileURLToPath(new URL(`../peers/${variant.peer}.mjs`, import.meta.url)) : 'dist/main.js',
    ],
    env: {
      ...(variant.peer
        ? { REDIS_SOCKET: socket, ANSWER_BYTES: String(answerBytes) }
        : programSettings({ socket, directory })),
      ...variant.env,
      ...env,
    },
  });
  try {
    const url = await server.url();
    return {
      variant,
      server,
      url,
      async logIn(count, transport = 'cookie') {
        if (variant.entry === 'none') return Array.from({ length: count }, () => ({}));
        if (variant.peer) return logInAt(url, variant, { count, transport, answerBytes });
        return logInForProgram({ node, redis, count, transport });
      },
    };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/**
 * The program hashes every password properly, which takes 20 ms; its library in a host that does not makes the same
 * sessions in the same Redis.
 *
 * @param {object} options
 * @param {string} options.node
 * @param {import('./redis-server.mjs').RedisServer} options.redis
 * @param {number} options.count
 * @param {'cookie' | 'bearer'} options.transport
 */
async function logInForProgram({ node, redis, count, transport }) {
  const host = await startVariant(/** @type {Variant} */ (VARIANTS['h']), { node, redis });
  try {
    const headers = await host.logIn(count, transport);
    if (transport === 'bearer') return headers;
    return headers.map(({ cookie = '' }) => ({ cookie: cookie.replace(/^sid=/, `${PROGRAM_COOKIE}=`) }));
  } finally {
    await host.server.stop();
  }
}

/**
 * @param {string} url
 * @param {Variant} variant
 * @param {{ count: number, transport: 'cookie' | 'bearer', answerBytes: number }} options
 */
async function logInAt(url, variant, { count, transport, answerBytes }) {
  /** @type {Record<string, string>[]} */
  const headers = [];
  // Its answer is as long as its user's name makes it.
  let name = 'A';
  if (variant.entry === 'sign-up') {
    const probe = await enter(url, variant, { i: 9_999_999, transport, name });
    const { bytes } = await whoAmI(url, variant, probe);
    name = 'A'.repeat(Math.max(1, answerBytes - bytes + 1));
  }
  let next = 0;
  const oneByOne = async () => {
    for (let i = next++; i < count; i = next++)
      headers[i] = await enter(url, variant, { i, transport, name });
  };
  await Promise.all(Array.from({ length: LOGINS_AT_ONCE }, oneByOne));
  return headers;
}

/**
 * @param {string} url
 * @param {Variant} variant
 * @param {{ i: number, transport: string, name: string }} person
 * @returns {Promise<Record<string, string>>}
 */
async function enter(url, variant, { i, transport, name }) {
  const path = variant.entry === 'sign-up' ? '/api/auth/sign-up/email' : '/login';
  const body = { email: emailOf(i), password: PASSWORD, ...(variant.entry === 'sign-up' && { name }) };
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: url },
    body: JSON.stringify(variant.bearer ? { ...body, transport } : body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  const { token } = /** @type {{ token?: string }} */ (await answer.json());
  if (transport === 'bearer') return { authorization: `Bearer ${token}` };
  const cookies = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  return { cookie: cookies.join('; ') };
}

/**
 * Asks who is logged in, and makes sure that it is this somebody.
 *
 * @param {string} url
 * @param {Variant} variant
 * @param {Record<string, string>} headers
 * @returns {Promise<{ bytes: number }>} how long the answer was
 */
export async function whoAmI(url, variant, headers) {
  const answer = await fetch(url + variant.path, { headers });
  const text = await answer.text();
  if (answer.status !== 200 || !/person\d+@example\.com/.test(text)) {
    throw new Error(`is not logged in: ${answer.status} ${text.slice(0, 300)}`);
  }
  return { bytes: Buffer.byteLength(text) };
}
