import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';

// What is left of a request's second when it has waited for one command that took its time.
const RETRY_FOR_MS = 400;
const RETRY_EVERY_MS = 20;

// What a cluster says of keys that are elsewhere, or on their way: nothing was executed. The last is said of records that
// a script finds by an index; what it had changed by then, it does once more.
const ELSEWHERE =
  /^(Too many Cluster redirections\. Last error: ReplyError: )?(TRYAGAIN|MOVED|ASK) |access a non local key/;
// ioredis, of a server that it is just connecting to, among others; harmless for a read.
const NOT_CONNECTED = /^Connection is closed\.|^Cluster isn't ready/;

/**
 * Reads keys of one slot with one command. While the slot moves to another server of a cluster, some may be there
 * already: then one after the other, in the given order. Null for a key that is not there or holds no text.
 */
export function readKeys(client: Redis | Cluster, keys: readonly string[]): Promise<(string | null)[]> {
  const [first, ...others] = keys as [string, ...string[]];
  const values =
    others.length === 0 ? client.get(first).then((value) => [value]) : client.mget(first, ...others);
  return client.isCluster ? values.catch((error: unknown) => readOneByOne(client, keys, error)) : values;
}

async function readOneByOne(
  client: Redis | Cluster,
  keys: readonly string[],
  error: unknown,
): Promise<(string | null)[]> {
  const isLost = isSaid(error, NOT_CONNECTED);
  if (!(isLost || isSaid(error, ELSEWHERE))) throw error;
  if (isLost) await delay(RETRY_EVERY_MS);
  // ioredis holds a pipeline until the cluster is there again, for ever when its client was closed.
  if (client.status !== 'ready') throw error;
  const values: (string | null)[] = [];
  for (const key of keys) values.push(await readAlone(client, key));
  return values;
}

// In a pipeline of its own, which ioredis redirects: what shares one with others is handed back as it is.
async function readAlone(client: Redis | Cluster, key: string): Promise<string | null> {
  const [[error, value]] = (await client.pipeline().get(key).exec()) as [[Error | null, string | null]];
  if (error?.message.startsWith('WRONGTYPE')) return null;
  if (error) throw error;
  return value;
}

/** Sends a script again while its slot moves to another server of the cluster, but not for longer than a request can wait. */
export async function retryWhileMoving<T>(send: () => Promise<T>): Promise<T> {
  const startMs = performance.now();
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isSaid(error, ELSEWHERE) || performance.now() - startMs > RETRY_FOR_MS) throw error;
      await delay(RETRY_EVERY_MS);
    }
  }
}

/**
 * Lets no server that does not answer end the process while a slot moves to it: ioredis 6.0.0 tells it with `ASKING` what
 * comes next, and leaves the failure of that to nobody. The command behind it fails too, and that is its caller's.
 */
export function catchAsking(cluster: Cluster): void {
  const patch = (node: Redis): void => {
    const ask = node.asking.bind(node) as (...args: unknown[]) => Promise<'OK'>;
    node.asking = (...args: unknown[]) => {
      const asked = ask(...args);
      asked.catch(() => undefined);
      return asked;
    };
  };
  cluster.nodes().forEach(patch);
  cluster.on('+node', patch);
}

const isSaid = (error: unknown, pattern: RegExp) => error instanceof Error && pattern.test(error.message);
