import type { Redis } from 'ioredis';

/** The spellings in which a secret could lie somewhere; a search for one of them only would pass over the others. */
function spellingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    // Without its last group, which depends on what follows.
    ...(['base64', 'base64url'] as const).map((encoding) => bytes.toString(encoding).replace(/.{0,4}$/, '')),
  ];
}

/** Looks for secrets in heaps of text, and says which was found where, by name. */
export class SecretSearch {
  private readonly secrets = new Map<string, string>();

  /** @param name what a test is told; the secret itself stays out of its output */
  add(name: string, secret: string | undefined): void {
    if (secret === undefined || secret.length < 8) throw new Error(`${name} is too short to look for`);
    this.secrets.set(name, secret);
  }

  /** @returns the names of the secrets that `text` holds in any spelling */
  in(text: string): string[] {
    return [...this.secrets]
      .filter(([, secret]) => spellingsOf(secret).some((spelling) => text.includes(spelling)))
      .map(([name]) => name);
  }

  /** The names without the numbers that tell several of a kind apart, each once. */
  get kinds(): string[] {
    return [...new Set([...this.secrets.keys()].map((name) => name.replace(/ \d+$/, '')))];
  }
}

/** Every key of a Redis with its whole value, as Latin-1, so that no byte is lost. */
export async function dumpRedis(client: Redis): Promise<string> {
  const parts: string[] = [];
  for (const key of await client.keys('*')) {
    const type = await client.type(key);
    const read: Record<string, () => Promise<unknown>> = {
      string: async () => (await client.getBuffer(key))?.toString('latin1'),
      hash: () => client.hgetall(key),
      list: () => client.call('LRANGE', key, '0', '-1'),
      set: () => client.smembers(key),
      zset: () => client.call('ZRANGE', key, '0', '-1', 'WITHSCORES'),
    };
    const value = read[type];
    if (value === undefined) throw new Error(`${key} is a ${type}: say how to read it`);
    parts.push(`${key} ${JSON.stringify(await value())}`);
  }
  return parts.join('\n');
}

/** Every command that Redis noted as slow, with its arguments. They are cut after 128 bytes; MONITOR does not cut. */
export async function readSlowlog(client: Redis): Promise<{ entries: number; text: string }> {
  const entries = (await client.call('SLOWLOG', 'GET', '-1')) as unknown[];
  return { entries: entries.length, text: JSON.stringify(entries) };
}
