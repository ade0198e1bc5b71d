type Arguments = (string | number)[];
type Method = (...args: Arguments) => Promise<unknown>;

/**
 * Puts a test between a client, or one node of it, and one of its commands, so that it decides what happens at that
 * very moment.
 * @param around gets the arguments and how to go on
 */
export function intercept(
  client: object,
  command: string,
  around: (args: Arguments, proceed: () => Promise<unknown>) => Promise<unknown>,
): void {
  const methods = client as Record<string, Method>;
  const method = (methods[command] as Method).bind(client);
  methods[command] = (...args) => around(args, () => method(...args));
}
