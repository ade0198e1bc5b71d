/** What is wrong with a client; undefined when nothing is. */
export function problemOfClient(client: unknown): string | undefined {
  const { defineCommand, options } = (client ?? {}) as {
    defineCommand?: unknown;
    options?: { keyPrefix?: string; redisOptions?: { keyPrefix?: string } };
  };
  if (typeof defineCommand !== 'function') {
    return 'client must be an ioredis Redis or Cluster; for node-redis, open a second connection with ioredis.';
  }
  // ioredis puts it before the keys of a command, not before those that a script makes from its arguments.
  if (options?.keyPrefix || options?.redisOptions?.keyPrefix) {
    return 'client must have no keyPrefix; put it into the option prefix instead.';
  }
  return undefined;
}
