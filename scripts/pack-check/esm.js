// The package from an ES module: what it exports, and its scripts on a real server.
import assert from 'node:assert/strict';
import { Redis } from 'ioredis';
import { AuthModule, createSessionId, RedisSessionStore, SessionModule, SessionService } from 'latchkey';

for (const exported of [AuthModule, SessionModule, SessionService]) assert.equal(typeof exported, 'function');

const client = new Redis({ path: process.argv[2] });
try {
  const store = new RedisSessionStore({
    client,
    indexKeys: ['an index key of the package check'],
    userId: (session) => session.user,
  });
  const id = createSessionId('ada');
  await store.set(id, { cookie: { originalMaxAge: null }, user: 'ada', cart: ['tea'] });
  const session = await store.get(id);
  assert.deepEqual([session.user, session.cart], ['ada', ['tea']]);
  assert.equal(await client.keys('lk:idx:*').then((keys) => keys.length), 1);
  await store.destroy(id);
  assert.equal(await store.get(id), null);
  // The next to use this server has other keys.
  await client.flushall();
} finally {
  client.disconnect();
}
