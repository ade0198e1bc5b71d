/** A client of the shop: a browser with one cookie, or an app with a token once it has logged in. */
export class Client {
  private cookie = '';
  private token = '';

  constructor(private readonly url: string) {}

  /** Logs in as an app does, and keeps the token. */
  async logIn(credentials: object): Promise<Answer> {
    const answer = await this.call('POST', '/auth/login', { ...credentials, transport: 'bearer' });
    this.token = (answer.body as { token?: string }).token ?? '';
    return answer;
  }

  async call(method: string, path: string, body?: object): Promise<Answer> {
    const headers: Record<string, string> = { origin: 'http://shop.test' };
    if (body) headers['content-type'] = 'application/json';
    if (this.token) headers['authorization'] = `Bearer ${this.token}`;
    else if (this.cookie) headers['cookie'] = this.cookie;
    const response = await fetch(this.url + path, {
      method,
      headers,
      body: body ? JSON.stringify(body) : null,
    });
    for (const cookie of response.headers.getSetCookie())
      if (cookie.startsWith('sid=')) this.cookie = cookie.split(';')[0] ?? '';
    const text = await response.text();
    return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
  }
}

export interface Answer {
  status: number;
  body: unknown;
}
