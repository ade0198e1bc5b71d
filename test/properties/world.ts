import type { Request } from 'express';
import type { LoginTicket, SessionPrincipal } from '../../src/session/index.js';
import { addressOf } from '../../src/session/token/session-id.js';
import { TagRing } from '../../src/session/token/tag-ring.js';
import type { Edit } from './edits.js';
import type { Setting } from './policy.js';
import { type ModelSession, SessionModel, type ModelUser, type Moment } from './session-model.js';
import { type Observer, PREFIX } from './snapshot.js';
import { INDEX_KEY, type Node, type Subject } from './subject.js';

export const ring = new TagRing([INDEX_KEY]);

/** A request that is under way on a node. */
export interface OpenRequest {
  node: Node;
  req: Request;
  /** The session it is in; undefined while that has no record. */
  session: ModelSession | undefined;
  /** The session whose id it came with, which was no more by then. */
  late?: ModelSession;
  /** What it changed and did not save yet. */
  unsaved: Edit[];
  /** The revision it last saw. */
  revision: number;
  /** The revocations of its user when it came in. */
  revocations: number;
  /** Roles of its user, as it knows them. */
  roles: string[];
}

/** A login that is under way. */
export interface OpenLogin {
  ticket: LoginTicket;
  user: ModelUser;
  /** As the database had it when the credentials were read. */
  principal: SessionPrincipal;
  revocations: number;
  epoch: number;
  takenAtMs: number;
}

/** A guarantee that does not hold: what a run fails with. */
export class GuaranteeBroken extends Error {}

export function guarantee(name: string, holds: boolean, what: () => string): void {
  if (!holds) throw new GuaranteeBroken(`${name}: ${what()}`);
}

const userNamed = (id: string): ModelUser => ({
  id,
  principal: {
    id,
    email: `${id}@example.com`,
    displayName: null,
    roles: [],
    disabled: false,
    createdAt: '2026-01-01T00:00:00.000Z',
  },
  version: 1,
  revocations: 0,
  revokedAt: { fromMs: 0, toMs: 0 },
  lostIndex: false,
  rememberedUntilMs: 0,
});

/** One run: the nodes, the requests under way, and what the model believes. */
export class World {
  readonly model = new SessionModel([userNamed('ada'), userNamed('bob')]);
  readonly requests: OpenRequest[] = [];
  readonly logins: OpenLogin[] = [];
  private travelledMs = 0;
  private edits = 0;

  constructor(
    readonly subject: Subject,
    readonly nodes: [Node, Node],
    readonly redis: Observer,
    readonly setting: Setting,
  ) {}

  /** The time of the model, ms: the clock, and all that passed without being waited for. */
  now(): number {
    return Date.now() + this.travelledMs;
  }

  /** A time in Redis as a time of the model. */
  modelTime(redisMs: number): number {
    return redisMs + this.travelledMs;
  }

  /** A time of the model as a node would know it. */
  nodeTime(modelMs: number): number {
    return modelMs - this.travelledMs;
  }

  /** Lets time pass, for what lies in Redis and for what requests and logins under way remember. */
  async travel(ms: number): Promise<void> {
    await this.redis.travel(PREFIX, ms);
    for (const { req } of this.requests) {
      const header = this.subject.stateOf(req.session)?.header;
      if (!header) continue;
      header.touchedMs -= ms;
      header.absoluteExpiryMs -= ms;
      header.createdMs -= ms;
      if (header.generation > 0) header.generation -= ms;
    }
    for (const login of this.logins) {
      const { generation, takenAtMs } = login.ticket;
      login.ticket = {
        ...login.ticket,
        generation: generation > 0 ? generation - ms : 0,
        takenAtMs: takenAtMs - ms,
      };
    }
    this.travelledMs += ms;
  }

  /** Does something and says when. */
  async during<T>(act: () => Promise<T>): Promise<{ result: T; at: Moment }> {
    const fromMs = this.now();
    const result = await act();
    return { result, at: { fromMs, toMs: this.now() } };
  }

  node(index: number): Node {
    return this.nodes[index % 2] as Node;
  }

  user(index: number): ModelUser {
    return this.model.users[index % this.model.users.length] as ModelUser;
  }

  nextId(): string {
    this.edits += 1;
    return `e${this.edits}`;
  }

  /** The session that a step means: the latest live one first, those that have ended behind. */
  session(index: number): ModelSession | undefined {
    const isLive = (session: ModelSession) => this.model.isLive(session, this.now());
    return latest(liveLast(this.model.sessions, isLive), index);
  }

  /** The request that a step means, those of live sessions first. */
  request(index: number): OpenRequest | undefined {
    const isLive = ({ session }: OpenRequest) =>
      session !== undefined && this.model.isLive(session, this.now());
    return latest(liveLast(this.requests, isLive), index);
  }

  /** A request that came in without a session. */
  visitor(node: Node): OpenRequest {
    const req = { headers: {}, socket: {}, ip: '192.0.2.1', sessionStore: node.store } as unknown as Request;
    this.subject.beginRequest(req, 'cookie');
    node.store.generate(req);
    return { node, req, session: undefined, unsaved: [], revision: 0, revocations: 0, roles: [] };
  }

  /** What the model needs to know of a new session. */
  identity(token: string): Pick<ModelSession, 'token' | 'tag' | 'digest' | 'handle'> {
    const { tag, digest } = addressOf(token);
    return { token, tag, digest, handle: ring.handle(digest) };
  }
}

const liveLast = <T>(entities: readonly T[], isLive: (entity: T) => boolean): T[] =>
  [...entities].sort((a, b) => Number(isLive(a)) - Number(isLive(b)));

/** The entity a step means: 0 is the latest. Undefined when there is none yet. */
export function latest<T>(entities: readonly T[], index: number): T | undefined {
  return entities.length === 0 ? undefined : entities.at(-1 - (index % entities.length));
}

/** The name of the error that something ends with, or 'ok' and its result. */
export async function outcomeOf<T>(act: () => Promise<T>): Promise<{ outcome: string; result?: T }> {
  try {
    return { outcome: 'ok', result: await act() };
  } catch (error) {
    return { outcome: (error as Error).constructor.name };
  }
}

/** A value as text, whatever the order of its members and wherever its prototypes come from. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
