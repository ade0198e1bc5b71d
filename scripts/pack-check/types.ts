// The package's types, as a host's compiler sees them.
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
