import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Test } from '@nestjs/testing';
import type { Request, Response } from 'express';
import type { Redis } from 'ioredis';
import {
  type LimitPolicy,
  SessionModule,
  SessionService,
  TooManySessionsError,
} from '../src/session/index.js';
import { SessionMiddleware } from '../src/session/session.middleware.js';
import { startRedis, type TestRedis } from './support/redis-server.js';

const OLD = 'the-old-index-key-of-this-specification';
const NEW = 'the-new-index-key-of-this-specification';

describe('rotating the index keys', () => {
  let redis: TestRedis;
  let client: Redis;

  beforeAll(async () => {
    redis = await startRedis();
    client = redis.client();
  });
  afterAll(() => redis.stop());
  beforeEach(() => client.flushall());

  const programWith = async (indexKeys: string[], limitPolicy: LimitPolicy = 'evict-lru') => {
    const module = await Test.createTestingModule({
      imports: [
        SessionModule.forRoot({
          client,
          secrets: ['a-cookie-secret-of-this-specification'],
          cookie: { name: 'sid', secure: false },
          indexKeys,
          maxSessions: 3,
          limitPolicy,
        }),
      ],
    }).compile();
    await module.init();
    const sessions = module.get(SessionService);
    const middleware = module.get(SessionMiddleware);
    const login = async () => {
      const req = new IncomingMessage(new Socket()) as Request;
      req.url = req.originalUrl = '/';
      await promisify((done: (error?: unknown) => void) =>
        middleware.use(req, new ServerResponse(req) as Response, done),
      )();
      const ticket = await sessions.takeTicket('ada');
      const principal = {
        id: 'ada',
        email: '',
        displayName: null,
        roles: [],
        disabled: false,
        createdAt: '',
      };
      const { session } = await sessions.establish(req, { principal, ticket, transport: 'cookie' });
      return { ...session, req };
    };
    return { module, sessions, login };
  };

  it('lists and revokes what was made under any key of the ring', async () => {
    const before = await programWith([OLD]);
    const old = await before.login();
    await before.module.close();
    const after = await programWith([NEW, OLD]);
    await after.login();
    expect(await after.sessions.list('ada')).toHaveLength(2);
    expect(await after.sessions.revokeAll('ada')).toEqual({ revoked: 2 });
    expect(await after.sessions.list('ada')).toEqual([]);
    expect(old.id).toHaveLength(22);
    await after.module.close();
  });

  it.each(['older', 'newer'])(
    'ends the sessions under %s keys, too, with all others than one',
    async (which) => {
      const before = await programWith([OLD]);
      const old = await before.login();
      const after = await programWith([NEW, OLD]);
      const fresh = await after.login();
      const [program, kept] = which === 'older' ? [after, fresh] : [before, old];
      const ring = which === 'older' ? program : after;
      // A login that is under way with the old password must find its ticket spent, whatever tag it is of.
      const tickets = await ring.sessions.takeTicket('ada');
      const { revoked, session } = await ring.sessions.rotate(kept.req, { revokeOthers: true });
      expect(revoked).toBe(1);
      expect((await after.sessions.list('ada')).map(({ id }) => id)).toEqual([session.id]);
      expect((await ring.sessions.takeTicket('ada')).generation).toBeGreaterThan(tickets.generation);
      await before.module.close();
      await after.module.close();
    },
  );

  it('counts sessions under older keys against the limit', async () => {
    const before = await programWith([OLD]);
    for (let i = 0; i < 3; i++) await before.login();
    await before.module.close();
    const after = await programWith([NEW, OLD]);
    for (let i = 0; i < 4; i++) {
      await after.login();
      expect(await after.sessions.list('ada')).toHaveLength(3);
    }
    await after.module.close();
  });

  it('rejects a login when older keys hold as many sessions as there may be', async () => {
    const before = await programWith([OLD], 'reject');
    for (let i = 0; i < 3; i++) await before.login();
    await before.module.close();
    const after = await programWith([NEW, OLD], 'reject');
    await expect(after.login()).rejects.toThrow(TooManySessionsError);
    await after.module.close();
  });

  it('refuses to start with a ring that does not hold the key in use', async () => {
    const before = await programWith([OLD]);
    await before.module.close();
    await expect(programWith([NEW])).rejects.toThrow(/SESSION_INDEX_KEYS/);
  });
});
