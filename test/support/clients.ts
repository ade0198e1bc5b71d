import { CookieJar } from 'tough-cookie';

/** An answer, read to its end, or left alone when it is a stream that has none. `body` is parsed when it is JSON, undefined when there is none. */
export interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // Tests look into bodies of every shape.
  body: any;
}

export interface RequestOptions {
  /** Sent as JSON. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** What both kinds of client share: JSON in, JSON out, no redirect followed. */
abstract class HttpClient {
  constructor(readonly url: string) {}

  get = (path: string, options?: RequestOptions): Promise<Answer> => this.request('GET', path, options);
  post = (path: string, body?: unknown, options?: RequestOptions): Promise<Answer> =>
    this.request('POST', path, { ...options, body });
  put = (path: string, body?: unknown, options?: RequestOptions): Promise<Answer> =>
    this.request('PUT', path, { ...options, body });
  patch = (path: string, body?: unknown, options?: RequestOptions): Promise<Answer> =>
    this.request('PATCH', path, { ...options, body });
  delete = (path: string, options?: RequestOptions): Promise<Answer> => this.request('DELETE', path, options);

  async request(method: string, path: string, { body, headers = {} }: RequestOptions = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(await this.credentials(method, path)),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    await this.remember(response, path);
    return readAnswer(response);
  }

  protected abstract credentials(method: string, path: string): Promise<Record<string, string>>;
  protected abstract remember(response: Response, path: string): Promise<void>;
}

export async function readAnswer(response: Response): Promise<Answer> {
  const goesOn = response.headers.get('content-type') === 'text/event-stream';
  if (goesOn) await response.body?.cancel();
  const text = goesOn ? '' : await response.text();
  const json = text !== '' && /[/+]json/.test(response.headers.get('content-type') ?? '');
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: json ? JSON.parse(text) : undefined,
  };
}

export interface CookieClientOptions {
  /** The page's origin, sent with unsafe methods as browsers do; null: none is sent. Default: the program's own. */
  origin?: string | null;
}

/** A browser, as far as a server can tell: keeps cookies by the rules, and says where a request comes from. */
export class CookieClient extends HttpClient {
  readonly jar = new CookieJar();

  constructor(
    url: string,
    private readonly options: CookieClientOptions = {},
  ) {
    super(url);
  }

  /** The value of a cookie as it stands in the jar; undefined when it is not there. */
  async cookie(name = 'sid'): Promise<string | undefined> {
    const cookies = await this.jar.getCookies(this.url);
    return cookies.find(({ key }) => key === name)?.value;
  }

  protected async credentials(method: string, path: string): Promise<Record<string, string>> {
    const cookie = await this.jar.getCookieString(`${this.url}${path}`);
    const { origin = this.url } = this.options;
    const says = origin !== null && method !== 'GET' && method !== 'HEAD';
    return { ...(cookie !== '' && { cookie }), ...(says && { origin }) };
  }

  protected async remember(response: Response, path: string): Promise<void> {
    for (const cookie of response.headers.getSetCookie())
      await this.jar.setCookie(cookie, `${this.url}${path}`);
  }
}

/** A mobile app or a service: no cookies, a token that it takes from every answer that brings one. */
/** Asks again while a machine that is too busy says so. For what a test needs before it begins. */
export async function untilTaken(ask: () => Promise<Answer>): Promise<Answer> {
  for (let left = 10; ; left -= 1) {
    const answer = await ask();
    if (answer.status !== 503 || left === 0) return answer;
  }
}

export class BearerClient extends HttpClient {
  constructor(
    url: string,
    public token?: string,
  ) {
    super(url);
  }

  /** Logs in, or registers, with transport `bearer`, and keeps the token. */
  async login(credentials: { email: string; password: string }, path = '/auth/login'): Promise<Answer> {
    const answer = await this.post(path, { ...credentials, transport: 'bearer' });
    if (answer.status < 300) this.token = (answer.body as { token: string }).token;
    return answer;
  }

  protected credentials(): Promise<Record<string, string>> {
    const headers: Record<string, string> =
      this.token === undefined ? {} : { authorization: `Bearer ${this.token}` };
    return Promise.resolve(headers);
  }

  protected remember(): Promise<void> {
    return Promise.resolve();
  }
}
