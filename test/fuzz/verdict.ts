import { PROBLEMS, type ProblemCode } from '../../src/problem/index.js';
import { PASSWORD } from '../support/app.js';
import type { RawAnswer } from '../support/raw-http.js';
import type { FuzzRequest } from './fuzz-request.js';

// What answers must never hold: of stacks, of the servers behind, and what nobody but the client knows.
const TELLTALES = [
  /\n\s+at /,
  /node_modules|node:internal|\.ts:\d|\.js:\d/,
  /ReplyError|EVALSHA|WRONGTYPE|SQLITE_|syntax error at|relation ".*" does not exist|libsql|kysely/i,
  /argon2id\$|a-session-secret-of|an-index-key-of/,
  new RegExp(PASSWORD),
];
const SESSIONLESS = /^\/(health\/|metrics|docs)/;
const GIVES_SESSIONS = /^\/auth\/(login|register|register\/confirm|reauthenticate|password)\/?$/;
const PUBLIC = /^\/auth\/(login|logout|register|register\/confirm)\/?$/;

/** What is wrong with an answer, whatever was asked; undefined when nothing is. */
export function complaintAbout(request: FuzzRequest, answer: RawAnswer): string | undefined {
  return (
    wrongStatus(answer) ??
    wrongProblem(request, answer) ??
    wrongSecrets(answer) ??
    wrongAccess(request, answer)
  );
}

/** Whether the answer brings a session: a cookie of one, or a token. */
export function bringsSession({ headers, status, body }: RawAnswer): boolean {
  const cookie = (headers.get('set-cookie') ?? []).some((text) => /^sid=[^;]/.test(text));
  return cookie || (status < 300 && /"token":"lk_/.test(body));
}

function wrongStatus({ status }: RawAnswer): string | undefined {
  if (status === 0) return 'no answer';
  return status >= 500 ? `status ${status}` : undefined;
}

function wrongProblem(request: FuzzRequest, { status, headers, body }: RawAnswer): string | undefined {
  if (status < 400) return undefined;
  const type = headers.get('content-type')?.join();
  if (type !== 'application/problem+json') return `an error as ${type}`;
  if (request.method === 'HEAD' && body === '') return undefined;
  const problem = JSON.parse(Buffer.from(body, 'latin1').toString()) as { code: ProblemCode; status: number };
  const known = (PROBLEMS as Partial<Record<string, { status: number }>>)[problem.code];
  if (known === undefined) return `the unknown code ${problem.code}`;
  return known.status === status && problem.status === status
    ? undefined
    : `${problem.code} with status ${status}`;
}

function wrongSecrets({ headers, body }: RawAnswer): string | undefined {
  const text = `${[...headers.values()].flat().join('\n')}\n${body}`;
  const found = TELLTALES.find((pattern) => pattern.test(text));
  return found && `a telltale: ${String(found)}`;
}

/** Who may have been let in: where it was asked for is read from the address as it was sent. */
function wrongAccess(request: FuzzRequest, answer: RawAnswer): string | undefined {
  // Blanks around a target belong to the request line.
  const target = request.target.trim();
  const path = target.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '';
  if (bringsSession(answer) && !(answer.status < 300 && GIVES_SESSIONS.test(path)))
    return 'a session without a login';
  if (answer.status >= 300 || SESSIONLESS.test(path) || PUBLIC.test(path)) return undefined;
  if (request.method === 'OPTIONS') return undefined;
  if (request.credential !== 'live')
    return `status ${answer.status} for a credential that is ${request.credential}`;
  if (path.startsWith('/admin') && request.role !== 'admin')
    return `status ${answer.status} for a user at ${path}`;
  return undefined;
}
