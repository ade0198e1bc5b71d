import assert from 'node:assert/strict';

/** A client of the shop: a browser with one cookie, or an app with a token once it has logged in. */
export class Client {
  private cookie = '';
  private token = '';

  constructor(private readonly url: string) {}

  /** Logs in as an app does, and keeps the token. */
  async logIn(path: string, credentials: object): Promise<void> {
    const body = await this.expect(200, 'POST', path, { ...credentials, transport: 'bearer' });
    this.token = (body as { token: string }).token;
  }

  /** Sends a request and returns what was answered, which must have this status. */
  async expect(status: number, method: string, path: string, body?: object): Promise<unknown> {
    const headers: Record<string, string> = { origin: 'http://shop.test' };
    if (body) headers['content-type'] = 'application/json';
    if (this.token) headers['authorization'] = `Bearer ${this.token}`;
    else if (this.cookie) headers['cookie'] = this.cookie;
    const response = await fetch(this.url + path, { method, headers, body: JSON.stringify(body) ?? null });
    for (const cookie of response.headers.getSetCookie())
      if (cookie.startsWith('sid=')) this.cookie = cookie.split(';')[0] ?? '';
    const text = await response.text();
    assert.equal(response.status, status, `${method} ${path}: ${response.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}
