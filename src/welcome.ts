import { randomBytes } from 'node:crypto';
import { join } from 'node:path';

import { formatDuration, type Env } from './config/index.js';
import { randomPassword, type FirstAdmin } from './first-admin.js';
import { CONSOLE_PATH, DOCS_PATH } from './http/index.js';
import type { Listening } from './listen.js';

/** The policy in force, as durations and limits that a person can check against what was meant. */
export function policyOf(env: Env): Record<string, string | number> {
  const lifetime = ({ idleTimeoutMs, absoluteTimeoutMs }: Env['lifetimes']['web']): string =>
    `${formatDuration(idleTimeoutMs)} idle, ${formatDuration(absoluteTimeoutMs)} absolute`;
  return {
    web: lifetime(env.lifetimes.web),
    bearer: lifetime(env.lifetimes.bearer),
    admin: lifetime(env.lifetimes.admin),
    anonymous: lifetime(env.lifetimes.anonymous),
    sessionsPerUser: `${env.sessionLimit}, ${env.sessionLimitPolicy}`,
    touchInterval: formatDuration(env.touchIntervalMs),
    reauthWindow: formatDuration(env.reauthWindowMs),
    registration: env.registration,
    passwordMinLength: env.passwordMinLength,
    breachedPasswords: env.passwordBreachUrl ?? 'not compared',
    argon2id: `m=${env.argon2.memoryKib} KiB, t=${env.argon2.timeCost}, p=${env.argon2.parallelism}`,
    cookie: env.cookie.name,
  };
}

/** What a developer reads after the start: where everything is, and three lines to paste into a shell. */
export function welcome(env: Env, { url, takenPort }: Listening, admin: FirstAdmin | null): string {
  const policy = Object.entries(policyOf(env)).map(([name, value]) => `    ${name.padEnd(18)}${value}`);
  return [
    '',
    `  Latchkey   ${url}`,
    ...(takenPort === undefined
      ? []
      : [
          `             (port ${takenPort} is taken by another program; PORT is not set, so this is the next free one)`,
        ]),
    ...(env.console ? [`  Console    ${url}${CONSOLE_PATH}/`] : []),
    ...(env.docs ? [`  API docs   ${url}${DOCS_PATH}`] : []),
    '',
    '  Policy in force',
    ...policy,
    '',
    ...(admin === null ? [] : [...aboutAdmin(admin), '']),
    ...(env.registration === 'confirm' && env.mail.smtp === undefined
      ? [`  Mails        in ${join(env.dataDir, 'mail')}`, '']
      : []),
    '  Try it',
    ...tour(env, url, admin).map((line) => `    ${line}`),
    '',
  ].join('\n');
}

function aboutAdmin({ email, password, passwordFile }: FirstAdmin): string[] {
  return [
    `  First admin  ${email}`,
    passwordFile === undefined
      ? `  Password     ${password}  (shown once)`
      : `  Password     in ${passwordFile}, unless it was changed since`,
  ];
}

function tour(env: Env, url: string, admin: FirstAdmin | null): string[] {
  // A live session: in the data directory, which nobody else can read.
  const jar = quoted(join(env.dataDir, `curl-${new URL(url).port}.cookies`));
  const curl = `curl -sS -w '\\n'`;
  const post = (path: string, body: string): string =>
    `${curl} -c ${jar} -H 'Content-Type: application/json' -d ${body} ${url}${path}`;
  const look = [`${curl} -b ${jar} ${url}/auth/session`, `${curl} -b ${jar} ${url}/auth/sessions`];
  if (admin !== null) return [post('/auth/login', credentials(admin)), ...look];
  if (env.registration === 'open') return [post('/auth/register', newcomer(env.passwordMinLength)), ...look];
  return ['npm run user -- create --email you@example.com'];
}

function credentials({ email, password, passwordFile }: FirstAdmin): string {
  if (passwordFile === undefined) return quoted(JSON.stringify({ email, password }));
  return `"{\\"email\\":\\"${email}\\",\\"password\\":\\"$(cat ${quoted(passwordFile)})\\"}"`;
}

function newcomer(passwordMinLength: number): string {
  const email = `you-${randomBytes(4).toString('hex')}@example.com`;
  return quoted(JSON.stringify({ email, password: randomPassword(passwordMinLength) }));
}

/** For a POSIX shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
