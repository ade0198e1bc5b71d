import type { Redis } from 'ioredis';
import type { TestApp } from '../support/app.js';
import { PASSWORD } from '../support/app.js';
import { BearerClient, CookieClient } from '../support/clients.js';
import { deleteKeys } from '../support/delete-keys.js';
import type { Facts } from './fuzz-request.js';

export type Role = 'user' | 'admin';
export type Transport = 'cookie' | 'bearer';

interface Person {
  role: Role;
  id: string;
  email: string;
  sessionId: string;
  sid: string;
  token: string;
}

/** Keeps somebody of each role logged in, however often the requests of the run throw them out. */
export class People {
  private readonly present = new Map<Role, Person>();
  private made = 0;
  /** Whether somebody may have been thrown out since it was last looked. */
  private doubtful = new Set<Role>();
  /** How many sessions these people have been given. */
  sessions = 0;
  private networks = 0;

  constructor(
    private readonly program: TestApp,
    private readonly redis: Redis,
  ) {}

  /** To be told of every answer that may have ended sessions, or changed whose they are. */
  doubt(): void {
    this.doubtful = new Set(this.present.keys());
  }

  /** A header that brings a request from an address of its own, so that the throttle takes each for a stranger's. */
  address(): [string, string] {
    this.networks += 1;
    return ['X-Forwarded-For', `10.${(this.networks >> 8) & 255}.${this.networks & 255}.1`];
  }

  /** What placeholders stand for in a request of this role. Whoever has been thrown out is somebody else now. */
  async facts(role: Role): Promise<Facts> {
    const person = await this.ofRole(role);
    const other = await this.ofRole(role === 'user' ? 'admin' : 'user');
    this.made += 1;
    const { sid, token } = person;
    return {
      ...partsOf('sid', sid),
      ...partsOf('token', token),
      email: person.email,
      newEmail: `new${this.made}@example.com`,
      password: PASSWORD,
      ownId: person.id,
      otherId: other.id,
      sessionId: person.sessionId,
      origin: this.program.url,
    };
  }

  /** What strangers have guessed wrong so far must not keep these people out. */
  async forgetFailures(): Promise<void> {
    await deleteKeys(this.redis, 'lk:throttle:*');
  }

  private async ofRole(role: Role): Promise<Person> {
    const known = this.present.get(role);
    if (known && !this.doubtful.has(role)) return known;
    this.doubtful.delete(role);
    if (known && (await this.isLive(known, 'cookie')) && (await this.isLive(known, 'bearer'))) return known;
    const person = await this.newPerson(role);
    this.present.set(role, person);
    return person;
  }

  private async isLive({ sid, token, role }: Person, transport: Transport): Promise<boolean> {
    const headers: Record<string, string> =
      transport === 'cookie' ? { cookie: `sid=${sid}` } : { authorization: `Bearer ${token}` };
    const path = role === 'admin' ? '/admin/stats' : '/auth/session';
    return (await fetch(this.program.url + path, { headers })).status === 200;
  }

  private async newPerson(role: Role): Promise<Person> {
    await this.forgetFailures();
    this.made += 1;
    const email = `${role}${this.made}@example.com`;
    const { id } = await this.program.createUser({ email, roles: role === 'admin' ? ['admin'] : [] });
    const browser = new CookieClient(this.program.url);
    const mobile = new BearerClient(this.program.url);
    const credentials = { email, password: PASSWORD };
    const answer = await browser.post('/auth/login', credentials);
    await mobile.login(credentials);
    if (answer.status !== 200 || mobile.token === undefined)
      throw new Error(`${email} cannot log in: ${answer.text}`);
    this.sessions += 2;
    const sid = (await browser.cookie()) ?? '';
    return {
      role,
      id,
      email,
      sid,
      token: mobile.token,
      sessionId: (answer.body as { session: { id: string } }).session.id,
    };
  }
}

/** A credential, and what is left of it when a part is taken away. */
function partsOf(name: string, text: string): Facts {
  return {
    [name]: text,
    [`${name}Tail`]: text.slice(1),
    [`${name}Head`]: text.slice(0, -1),
    [`${name}Upper`]: text.toUpperCase(),
  };
}
