// The package's types, as a host's compiler sees them.
import type { Request } from 'express';
import { Redis } from 'ioredis';
import {
  AuthModule,
  RedisSessionStore,
  SessionModule,
  type SessionService,
  type SessionView,
} from 'latchkey';

export const store: RedisSessionStore = new RedisSessionStore({ client: new Redis({ lazyConnect: true }) });
export const list = (sessions: SessionService, userId: string): Promise<SessionView[]> =>
  sessions.list(userId);
export const modules: (typeof AuthModule | typeof SessionModule)[] = [AuthModule, SessionModule];
// @ts-expect-error: a client is what the store cannot do without; were the types missing, this would be no error.
export const wrong = new RedisSessionStore({});

export type { SessionWsAdapter } from 'latchkey/ws';

// What the shop has declared of its users and sessions holds, and nothing else does: shop/types.ts.
export const plan = (req: Request): 'free' | 'gold' | undefined => req.user?.plan;
// @ts-expect-error: no customer has an age.
export const age = (req: Request): unknown => req.user?.age;
export const pieces = (sessions: SessionService, req: Request): Promise<void> =>
  sessions.updateCurrent(req, (data) => {
    data.cart = [{ article: 'tea', pieces: 1 }];
    // @ts-expect-error: a cart has lines, not names.
    data.cart = ['tea'];
    const other: unknown = data['other'];
    return other;
  });
export const misspelt = (client: Redis): object =>
  // @ts-expect-error: there is no such option; it is carryOver.
  SessionModule.forRoot({ client, secrets: [], indexKeys: [], carryover: [] });
