import type { Cluster, Redis } from 'ioredis';

const deliberate = new WeakSet<object>();

/**
 * Connects a client again that has ended although nobody has closed it: `end` is where ioredis gives up for good, and
 * there are ways to get there by accident (docs/decisions/0007-redis-topologies.md). Until it is back, its commands
 * fail and the program is not ready.
 *
 * @param delayMs until the next attempt
 */
export function revive(client: Redis | Cluster, delayMs: () => number): void {
  const disconnect: (reconnect: boolean) => void = client.disconnect.bind(client);
  const quit: () => Promise<'OK'> = client.quit.bind(client);
  client.disconnect = (reconnect = false) => {
    if (!reconnect) deliberate.add(client);
    disconnect(reconnect);
  };
  client.quit = () => {
    deliberate.add(client);
    return quit();
  };
  client.on('connecting', () => deliberate.delete(client));
  client.on('end', () => {
    if (deliberate.has(client)) return;
    // Its failure arrives as 'error', and as another 'end'.
    setTimeout(() => {
      if (client.status === 'end' && !deliberate.has(client)) client.connect().catch(() => undefined);
    }, delayMs()).unref();
  });
}
