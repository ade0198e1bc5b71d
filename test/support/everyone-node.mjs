// A node that ends everybody's sessions and says when it has come to a certain point, where it stays until it is killed.
// Arguments: directory of the compiled sources, JSON of the Redis address, what to wait at ('counted' or 'half-ended').
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';

const [compiled, address, point] = process.argv.slice(2);
await import('reflect-metadata');
const { RedisSessionStore } = await import(join(compiled, 'src/session/index.js'));
const { EveryoneRevoker } = await import(join(compiled, 'src/session/everybody/everyone-revoker.js'));

const at = JSON.parse(address);
const client = Array.isArray(at) ? new Cluster(at) : new Redis(at);
const revoker = new EveryoneRevoker(new RedisSessionStore({ client }));

// How many users' sessions it ends before it stays where it is.
const most = point === 'counted' ? 0 : 2;
const ended = [];
const endSessions = client.lkEndUserSessions.bind(client);
client.lkEndUserSessions = async (...args) => {
  if (args[5] !== '1') return endSessions(...args);
  if (ended.length < most) {
    ended.push(endSessions(...args));
    return ended.at(-1);
  }
  await Promise.all(ended);
  console.log('there');
  return new Promise(() => undefined);
};
console.log('operation', (await revoker.start(undefined)).operationId);
