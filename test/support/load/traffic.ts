import { setTimeout as delay } from 'node:timers/promises';

import type { Call, Caller, Exchange } from './exchange.js';
import type { LoadModel, LoadSession, LoadUser } from './model.js';

const PASSWORD = 'nine small goats on a roof';
// Beyond that a cart is only read, so that sessions stay of a size.
const FULL_CART = 60;
const FEWEST_SESSIONS = 2;
const MOST_SESSIONS = 6;
// Of those that ended longer ago it is known well enough.
const RECENTLY_ENDED = 200;

type Act = (traffic: Traffic, node: number) => Promise<Exchange> | undefined;

/** What people do, and how often in a thousand. */
const MIX: [number, Act][] = [
  [520, (traffic, node) => traffic.read(traffic.anyLive(), node)],
  [60, (traffic, node) => traffic.read(traffic.anyEnded() ?? traffic.anyLive(), node)],
  [170, (traffic, node) => traffic.fillCart(traffic.anyLive(), node)],
  [60, (traffic, node) => traffic.readCart(traffic.anyLive(), node)],
  [70, (traffic, node) => traffic.list(traffic.anyLive(), node)],
  [
    60,
    (traffic, node) =>
      traffic.login(
        traffic.idle((user) => user.sessions.size < MOST_SESSIONS),
        node,
      ),
  ],
  [25, (traffic, node) => traffic.logout(traffic.idle(hasSpare), node)],
  [25, (traffic, node) => traffic.revokeOne(traffic.idle(hasSpare), node)],
  [7, (traffic, node) => traffic.revokeMany(traffic.idle(hasSpare), node, 'others')],
  [3, (traffic, node) => traffic.revokeMany(traffic.idle(hasSpare), node, 'all')],
];
const hasSpare = (user: LoadUser): boolean => user.sessions.size > FEWEST_SESSIONS;

/** Sends what people send, and holds every answer against what the model says. */
export class Traffic {
  private count = 0;
  // A short run should have seen everything once, also what is done three times in a thousand.
  private untried = MIX.map(([, act]) => act);

  constructor(
    private readonly caller: Caller,
    readonly model: LoadModel,
  ) {}

  /** Makes accounts with one session by cookie and one by bearer token each. @throws Error when that is refused */
  async populate(users: number): Promise<void> {
    for (let i = 0; i < users; i += 1) {
      const user: LoadUser = {
        email: `person-${i}@example.com`,
        tag: '',
        sessions: new Set(),
        busy: false,
      };
      const credentials = { email: user.email, password: PASSWORD };
      for (const [path, transport] of [
        ['/auth/register', 'cookie'],
        ['/auth/login', 'bearer'],
      ] as const) {
        const body = { ...credentials, transport };
        const answer = await this.caller.send({ act: 'login', node: 0, tag: '', method: 'POST', path, body });
        if (answer.status >= 300) throw new Error(`${path} answered ${answer.status}: ${answer.text}`);
        this.model.begin(sessionOf(user, answer));
      }
      this.model.users.push(user);
    }
  }

  /** One of them does something. */
  async any(node: number): Promise<Exchange> {
    for (const act of this.untried) {
      const done = act(this, node);
      if (!done) continue;
      this.untried = this.untried.filter((one) => one !== act);
      return done;
    }
    let ticket = Math.random() * 1_000;
    for (const [share, act] of MIX) {
      ticket -= share;
      if (ticket < 0) return act(this, node) ?? this.read(this.anyLive(), node);
    }
    return this.read(this.anyLive(), node);
  }

  /** Looks at every session that somebody was ever told of, and at all carts: when nothing else is under way. */
  async lookAtAll(): Promise<void> {
    for (const { sessions } of this.model.users) {
      for (const session of sessions) await this.readCart(session, 0);
      const [any] = sessions;
      if (any) await this.list(any, 0);
    }
    for (const session of [...this.model.ended]) await this.read(session, 0);
  }

  /** Looks at every session that a failure may have changed. Answers 503 are asked again. */
  async lookAtRisks(): Promise<void> {
    for (const session of this.model.atRisk()) {
      while ((await this.readCart(session, 0)).status === 503) await delay(20);
    }
  }

  async read(session: LoadSession, node: number): Promise<Exchange> {
    const answer = await this.send('read', node, session, 'GET', '/auth/session');
    if (answer.status === 200) {
      this.model.found(session, true, answer);
      const { user, session: view } = answer.body;
      if (user.email !== session.user.email || view.id !== session.id)
        this.model.complain(answer, `this is not ${session.user.email} in ${session.id}`);
    } else if (answer.status === 401) this.model.found(session, false, answer);
    else this.unexpected(answer);
    return answer;
  }

  async readCart(session: LoadSession, node: number): Promise<Exchange> {
    const answer = await this.send('read-cart', node, session, 'GET', '/cart');
    if (answer.status === 200) {
      this.model.found(session, true, answer);
      this.model.foundCart(session, answer.body.cart, answer);
    } else if (answer.status === 401) this.model.found(session, false, answer);
    else this.unexpected(answer);
    return answer;
  }

  async fillCart(session: LoadSession, node: number): Promise<Exchange> {
    if (session.items.size >= FULL_CART) return this.readCart(session, node);
    const item = `i${(this.count += 1)}`;
    session.items.set(item, undefined);
    const answer = await this.send('fill-cart', node, session, 'POST', `/cart?item=${item}`);
    if (answer.status === 201) {
      this.model.found(session, true, answer);
      session.items.set(item, answer.endedMs);
    } else if (answer.status === 401) this.model.found(session, false, answer);
    else this.unexpected(answer);
    return answer;
  }

  async list(session: LoadSession, node: number): Promise<Exchange> {
    const others = [...session.user.sessions];
    const answer = await this.send('list', node, session, 'GET', '/auth/sessions');
    if (answer.status === 401) this.model.found(session, false, answer);
    else if (answer.status !== 200) this.unexpected(answer);
    else {
      this.model.found(session, true, answer);
      const listed = new Set<string>(answer.body.items.map(({ id }: { id: string }) => id));
      for (const other of others) this.model.found(other, listed.has(other.id), answer);
      for (const other of this.model.ended.slice(-RECENTLY_ENDED))
        if (listed.has(other.id)) this.model.found(other, true, answer);
    }
    return answer;
  }

  login(user: LoadUser | undefined, node: number): Promise<Exchange> | undefined {
    return this.alone(user, async (one) => {
      const transport = Math.random() < 0.5 ? 'cookie' : 'bearer';
      const { email, deviceToken } = one;
      const body = { email, password: PASSWORD, transport, deviceToken };
      const call: Call = { act: 'login', node, tag: one.tag, method: 'POST', path: '/auth/login', body };
      const answer = this.judged(await this.caller.send(call), transport === 'cookie');
      if (answer.status === 200) this.model.begin(sessionOf(one, answer));
      else this.unexpected(answer);
      return answer;
    });
  }

  logout(user: LoadUser | undefined, node: number): Promise<Exchange> | undefined {
    return this.alone(user, async (one) => {
      const [session] = one.sessions as unknown as [LoadSession];
      this.model.askEnd([session], performance.now());
      const answer = await this.send('logout', node, session, 'POST', '/auth/logout');
      if (answer.status === 204) this.model.end(session, answer);
      else this.unexpected(answer);
      return answer;
    });
  }

  revokeOne(user: LoadUser | undefined, node: number): Promise<Exchange> | undefined {
    return this.alone(user, async (one) => {
      const [target, ...rest] = one.sessions as unknown as [LoadSession, LoadSession];
      const by = rest.at(-1) as LoadSession;
      const before = this.model.standing(target, performance.now(), performance.now());
      this.model.askEnd([target], performance.now());
      const answer = await this.send('revoke-one', node, by, 'DELETE', `/auth/sessions/${target.id}`);
      if (answer.status === 204) this.model.end(target, answer);
      else if (answer.status === 404) {
        if (before === 'live') this.model.complain(answer, 'a session that nobody ended is not found');
        one.sessions.delete(target);
      } else if (answer.status === 401) this.model.found(by, false, answer);
      else this.unexpected(answer);
      return answer;
    });
  }

  revokeMany(
    user: LoadUser | undefined,
    node: number,
    scope: 'others' | 'all',
  ): Promise<Exchange> | undefined {
    return this.alone(user, async (one) => {
      const sessions = [...one.sessions] as [LoadSession, ...LoadSession[]];
      const [by, ...others] = sessions;
      const targets = scope === 'all' ? sessions : others;
      this.model.askEnd(targets, performance.now());
      const path = `/auth/sessions?scope=${scope}`;
      const answer = await this.send(`revoke-${scope}`, node, by, 'DELETE', path);
      if (answer.status === 200) for (const target of targets) this.model.end(target, answer);
      else if (answer.status === 401) this.model.found(by, false, answer);
      else this.unexpected(answer);
      return answer;
    });
  }

  anyLive(): LoadSession {
    const user = pick(this.model.users.filter(({ sessions }) => sessions.size > 0));
    if (!user) throw new Error('nobody is logged in any more');
    return pick([...user.sessions]) as LoadSession;
  }

  anyEnded(): LoadSession | undefined {
    return pick(this.model.ended.slice(-RECENTLY_ENDED));
  }

  /** Somebody of whom no session is beginning or ending. */
  idle(fits: (user: LoadUser) => boolean): LoadUser | undefined {
    return pick(this.model.users.filter((user) => !user.busy && fits(user)));
  }

  private alone(
    user: LoadUser | undefined,
    work: (user: LoadUser) => Promise<Exchange>,
  ): Promise<Exchange> | undefined {
    if (!user) return undefined;
    user.busy = true;
    return work(user).finally(() => (user.busy = false));
  }

  private async send(
    act: string,
    node: number,
    session: LoadSession,
    method: string,
    path: string,
  ): Promise<Exchange> {
    const headers = session.credential;
    const mayForget = act === 'logout' || act === 'revoke-all';
    const { tag } = session.user;
    return this.judged(await this.caller.send({ act, node, tag, method, path, headers }), mayForget);
  }

  /** Holds an answer against what is true of all of them. */
  private judged(answer: Exchange, maySetCookie: boolean): Exchange {
    const { status, headers, body } = answer;
    if (headers['set-cookie']?.some((cookie) => cookie.startsWith('sid=')) && !(maySetCookie && status < 300))
      this.model.complain(answer, `it sets a cookie: ${String(headers['set-cookie'])}`);
    if (status === 503) {
      if (!headers['content-type']?.startsWith('application/problem+json'))
        this.model.complain(answer, 'not a problem');
      if (!['SESSION_STORE_UNAVAILABLE', 'LOGIN_BUSY', 'OVERLOADED'].includes(body?.code))
        this.model.complain(answer, 'not the right code');
      if (!/^[1-9]\d*$/.test(headers['retry-after'] ?? '')) this.model.complain(answer, 'no Retry-After');
    }
    return answer;
  }

  private unexpected(answer: Exchange): void {
    if (answer.status !== 503) this.model.complain(answer, 'nothing that is ever to be answered');
  }
}

function pick<T>(from: readonly T[]): T | undefined {
  return from[Math.floor(Math.random() * from.length)];
}

function sessionOf(user: LoadUser, { headers, body, endedMs }: Exchange): LoadSession {
  const token = body.token as string | undefined;
  const cookies = (headers['set-cookie'] ?? []).map((cookie) => cookie.split(';')[0] as string);
  const cookie = cookies.find((one) => one.startsWith('sid=')) ?? '';
  user.deviceToken ??= body.deviceToken;
  // Behind `lk_` or `s:`.
  user.tag = decodeURIComponent(token ?? cookie)
    .replace(/^(lk_|sid=s:)/, '')
    .slice(0, 16);
  return {
    user,
    id: body.session.id,
    credential: token === undefined ? { cookie } : { authorization: `Bearer ${token}` },
    begunMs: endedMs,
    items: new Map(),
  };
}
