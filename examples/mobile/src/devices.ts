// What an app does: two devices of one customer, against the server of server.ts.
import { setTimeout as delay } from 'node:timers/promises';

const url = `http://127.0.0.1:${process.env.PORT ?? 3000}`;
const account = { email: `ada-${Date.now()}@example.com`, password: 'correct horse battery staple' };

interface Answer {
  code?: string;
  token?: string;
  deviceToken?: string;
  session?: { id: string; expiresAt: string; authenticatedAt: string };
}

/** What a device keeps: both in its key store, never in a log. */
class Device {
  private token?: string;
  private deviceToken?: string;
  session!: NonNullable<Answer['session']>;

  constructor(readonly name: string) {}

  async call(method: string, path: string, body?: object) {
    const response = await fetch(url + path, {
      method,
      headers: {
        'user-agent': `BankApp/1.0 (${this.name})`,
        ...(body && { 'content-type': 'application/json' }),
        ...(this.token && { authorization: `Bearer ${this.token}` }),
      },
      body: body && JSON.stringify(body),
    });
    const answer = (response.status === 204 ? {} : await response.json()) as Answer;
    // A login and a re-authentication bring a new token, after which the old one is worth nothing.
    this.token = answer.token ?? this.token;
    this.deviceToken = answer.deviceToken ?? this.deviceToken;
    this.session = answer.session ?? this.session;
    const shown = path.replace(/[^/]{20,}$/, '…');
    console.log([`${this.name}:`, method, shown, response.status, answer.code].join(' ').trim());
    return { status: response.status, code: answer.code };
  }

  /** The device token says that this device was here before: others' failed logins do not lock it out. */
  login(path = '/auth/login') {
    delete this.token;
    const { deviceToken } = this;
    return this.call('POST', path, { ...account, transport: 'bearer', ...(deviceToken && { deviceToken }) });
  }

  /** Until a time of the server's and a little longer. */
  async inBackgroundUntil(ms: number, why: string) {
    console.log(`${this.name}: in the background until ${why}`);
    await delay(Math.max(0, ms - Date.now()) + 200);
  }
}

while (!(await fetch(url).catch(() => undefined))) await delay(50);
const phone = new Device('phone');
const tablet = new Device('tablet');

await phone.login('/auth/register');
await phone.call('GET', '/inbox');

await phone.inBackgroundUntil(Date.parse(phone.session.expiresAt), 'its session has expired');
if ((await phone.call('GET', '/inbox')).status === 401) await phone.login();

await phone.inBackgroundUntil(Date.parse(phone.session.authenticatedAt) + 2_500, 'its login is not recent');
if ((await phone.call('POST', '/payments')).code === 'REAUTHENTICATION_REQUIRED') {
  await phone.call('POST', '/auth/reauthenticate', { password: account.password });
  await phone.call('POST', '/payments');
}

// The phone is lost: out with it, from the tablet.
await tablet.login();
await tablet.call('DELETE', `/auth/sessions/${phone.session.id}`);
await phone.call('GET', '/inbox');
await tablet.call('GET', '/inbox');
console.log(`That was all. The server stays at ${url} until Ctrl-C.`);
