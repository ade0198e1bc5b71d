import { PASSWORD, startApp, type StartAppOptions, type TestApp } from './app.js';
import { BearerClient, CookieClient, untilTaken } from './clients.js';

/** The whole program with an admin who is logged in. */
export interface AdminApp extends TestApp {
  admin: CookieClient;
  adminId: string;
  /** A user with {@link PASSWORD} and clients of his that are logged in: as many as asked for, the first with a cookie. */
  person(
    email: string,
    options?: { roles?: string[]; displayName?: string; sessions?: number },
  ): Promise<Person>;
  /** The id of the session that a client is in. */
  sessionIdOf(client: CookieClient | BearerClient): Promise<string>;
}

export interface Person {
  id: string;
  clients: (CookieClient | BearerClient)[];
}

export async function startAdminApp(options: StartAppOptions = {}): Promise<AdminApp> {
  const program = await startApp(options);
  const person: AdminApp['person'] = async (email, { sessions = 1, ...user } = {}) => {
    const { id } = await program.createUser({ email, ...user });
    const clients: Person['clients'] = [];
    for (let i = 0; i < sessions; i += 1) {
      const client = i === 0 ? new CookieClient(program.url) : new BearerClient(program.url);
      const credentials = { email, password: PASSWORD };
      const answer = await untilTaken(() =>
        client instanceof BearerClient ? client.login(credentials) : client.post('/auth/login', credentials),
      );
      if (answer.status !== 200)
        throw new Error(`login of ${email} answered ${answer.status}: ${answer.text}`);
      clients.push(client);
    }
    return { id, clients };
  };
  const { id, clients } = await person('root@example.com', { roles: ['admin'] });
  return {
    ...program,
    admin: clients[0] as CookieClient,
    adminId: id,
    person,
    async sessionIdOf(client) {
      const { body } = await client.get('/auth/session');
      return (body as { session: { id: string } }).session.id;
    },
  };
}
