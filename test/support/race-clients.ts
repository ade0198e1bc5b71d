import { type Answer, readAnswer } from './clients.js';

export interface Credentials {
  email: string;
  password: string;
}

/** Somebody who is logged in, by cookie or by bearer token, and sends what he has to any node. */
export class Member {
  private constructor(
    private credential: Record<string, string>,
    /** The name of his session in the API. */
    readonly sessionId: string,
  ) {}

  static async login(url: string, credentials: Credentials, transport: 'cookie' | 'bearer'): Promise<Member> {
    const answer = await tryLogin(url, credentials, transport);
    if (answer.status !== 200) throw new Error(`a login answered ${answer.status}: ${answer.text}`);
    return new Member(credentialOf(answer), (answer.body as { session: { id: string } }).session.id);
  }

  /** As a browser does, or an app. */
  async send(url: string, method: string, path: string, body?: unknown): Promise<Answer> {
    const headers = { ...this.credential, ...(this.credential['cookie'] && { origin: url }) };
    return send(url, method, path, headers, body);
  }

  /** Changes the password, and goes on with the session that came with the answer. */
  async changePassword(url: string, currentPassword: string, newPassword: string): Promise<Answer> {
    const answer = await this.send(url, 'PUT', '/auth/password', { currentPassword, newPassword });
    if (answer.status === 200) this.credential = credentialOf(answer);
    return answer;
  }
}

/** A login that may be refused. */
export function tryLogin(
  url: string,
  { email, password }: Credentials,
  transport: 'cookie' | 'bearer',
): Promise<Answer> {
  return send(url, 'POST', '/auth/login', {}, { email, password, transport });
}

async function send(
  url: string,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return readAnswer(response);
}

function credentialOf({ headers, body }: Answer): Record<string, string> {
  const { token } = body as { token?: string };
  if (token !== undefined) return { authorization: `Bearer ${token}` };
  const cookies = headers.getSetCookie().map((cookie) => cookie.split(';')[0]);
  return { cookie: cookies.find((cookie) => cookie?.startsWith('sid=')) ?? '' };
}
