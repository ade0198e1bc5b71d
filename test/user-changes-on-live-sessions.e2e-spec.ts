import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { sql } from 'kysely';
import { SessionStoreUnavailableError } from '../src/session/index.js';
import { onEachDatabase } from './support/databases.js';
import { startRedis, type TestRedis } from './support/redis-server.js';
import { loginHold, passwordChangeHold, startUsersHost, type UsersHost } from './support/users-host.js';

// All servers of a cluster start again in some of these tests.
jest.setTimeout(60_000);

onEachDatabase('changes of users and their live sessions', (databases) => {
  let redis: TestRedis;
  let nodes: UsersHost[];
  let node: UsersHost;

  const addNode = async (): Promise<UsersHost> => {
    const started = await startUsersHost(databases.url, redis.settings);
    nodes.push(started);
    return started;
  };
  const createUser = async (roles: string[] = []): Promise<string> => {
    const email = `${Math.random()}@example.org`;
    return (await node.users.create({ email, displayName: null, passwordHash: 'old', roles })).id;
  };
  const login = async (userId: string): Promise<string> =>
    (await node.send('POST', `/login/${userId}`)).body.token as string;
  const rolesOf = async (token: string): Promise<unknown> =>
    (await node.send('GET', '/me', token)).body.roles;
  const entries = async (): Promise<number> =>
    (await node.database.kysely.selectFrom('session_outbox').select('id').execute()).length;
  const dueEntries = async (): Promise<number> => {
    const due = node.database.kysely
      .selectFrom('session_outbox')
      .select('id')
      .where('not_before', '<=', node.database.nowMs);
    return (await due.execute()).length;
  };
  const makeDue = () => sql`update session_outbox set not_before = 0`.execute(node.database.kysely);
  const until = async (condition: () => Promise<boolean>): Promise<void> => {
    const deadline = Date.now() + 30_000;
    while (!(await condition())) {
      if (Date.now() > deadline) throw new Error('it did not come to that');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };

  beforeAll(async () => {
    redis = await startRedis(['--appendonly', 'yes', '--appendfsync', 'always']);
  });
  afterAll(async () => {
    await redis.stop();
  });
  beforeEach(async () => {
    nodes = [];
    passwordChangeHold.until = undefined;
    loginHold.until = undefined;
    node = await addNode();
  });
  afterEach(async () => {
    for (const { stop } of nodes) await stop();
  });

  it('ends every session of a user who is disabled, and lets none of his logins in', async () => {
    const [ann, bob] = [await createUser(), await createUser()];
    const [first, second, other] = [await login(ann), await login(ann), await login(bob)];
    expect(await rolesOf(first)).toEqual([]);
    await node.users.update(ann, { disabled: true });
    expect([await rolesOf(first), await rolesOf(second), await rolesOf(other)]).toEqual([null, null, []]);
    expect(await login(ann)).toBeUndefined();
    await node.users.update(ann, { disabled: false });
    expect(await rolesOf(first)).toBeNull();
    expect(await rolesOf(await login(ann))).toEqual([]);
  });

  it('changes the roles of open sessions from their next request on', async () => {
    const ann = await createUser(['a']);
    const token = await login(ann);
    await node.users.update(ann, { roles: ['b', 'a'] });
    expect(await rolesOf(token)).toEqual(['a', 'b']);
    await node.users.update(ann, { roles: [] });
    expect(await rolesOf(token)).toEqual([]);
  });

  it('keeps the session that changed the password, under a new token, and ends the others', async () => {
    const ann = await createUser();
    const [mine, other] = [await login(ann), await login(ann)];
    const { status, body } = await node.send('POST', '/password/new', mine);
    expect(status).toBe(201);
    const renewed = body.token as string;
    await until(async () => (await entries()) === 0);
    expect([await rolesOf(mine), await rolesOf(other), await rolesOf(renewed)]).toEqual([null, null, []]);
    await expect(node.users.findCredentials(ann)).resolves.toMatchObject({ passwordHash: 'new' });
  });

  it('ends all sessions by another node when the one that changed the password dies on the way', async () => {
    const ann = await createUser();
    const [mine, other] = [await login(ann), await login(ann)];
    let letGo: () => void = () => undefined;
    passwordChangeHold.until = new Promise((resolve) => (letGo = resolve));
    const changing = node.send('POST', '/password/new', mine);
    await until(async () => (await entries()) === 1);
    // The hold is over.
    await makeDue();
    await addNode();
    await until(async () => (await entries()) === 0);
    expect([await rolesOf(mine), await rolesOf(other)]).toEqual([null, null]);
    // The first node was only slow: what it comes back with finds its session ended.
    letGo();
    expect(await changing).toMatchObject({ status: 401, body: { code: 'SESSION_ENDED' } });
  });

  it('answers 503 while Redis is away, and ends the sessions as soon as it is back', async () => {
    const [ann, bob] = [await createUser(['a']), await createUser()];
    const [token, other] = [await login(ann), await login(bob)];
    await redis.kill();
    await expect(node.users.update(ann, { disabled: true })).rejects.toBeInstanceOf(
      SessionStoreUnavailableError,
    );
    await expect(node.users.find(ann)).resolves.toMatchObject({ disabled: true });
    expect(await entries()).toBe(1);
    await redis.restart();
    await until(async () => (await entries()) === 0);
    expect([await rolesOf(token), await rolesOf(other)]).toEqual([null, []]);
  });

  it('starts while Redis is away, and drains what was left when it comes', async () => {
    const ann = await createUser();
    const token = await login(ann);
    await redis.kill();
    await expect(node.users.changePassword(ann, 'new')).rejects.toBeInstanceOf(SessionStoreUnavailableError);
    await nodes.pop()?.stop();
    node = await addNode();
    expect(await entries()).toBe(1);
    await redis.restart();
    await until(async () => (await entries()) === 0);
    expect(await rolesOf(token)).toBeNull();
  });

  it('ends a login that read the old password, although it is created between an outage and the drain', async () => {
    const ann = await createUser();
    let letGo: () => void = () => undefined;
    const reading = new Promise<void>((read) => {
      loginHold.read = read;
      loginHold.until = new Promise((resolve) => (letGo = resolve));
    });
    const slow = node.send('POST', `/login/${ann}`);
    await reading;
    await redis.kill();
    await expect(node.users.changePassword(ann, 'new')).rejects.toBeInstanceOf(SessionStoreUnavailableError);
    // The worker has tried by now, in vain.
    await until(async () => (await dueEntries()) === 0);
    await redis.restart();
    await until(() =>
      node.sessions.count(ann).then(
        () => true,
        () => false,
      ),
    );
    letGo();
    const token = (await slow).body.token as string | undefined;
    await until(async () => (await entries()) === 0);
    if (token !== undefined) expect(await rolesOf(token)).toBeNull();
    await expect(node.sessions.count(ann)).resolves.toBe(0);
  });
});
